"""Records a test's HTTP into a cassette, or answers it from one."""
