"""What tests in every folder share."""
