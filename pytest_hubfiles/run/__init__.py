"""What one test, one check, one comparison comes to."""
