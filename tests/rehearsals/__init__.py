"""What a rehearsal promises, measured against suites like those that users write."""
