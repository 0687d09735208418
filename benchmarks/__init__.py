"""What the plugin costs, beside pytest alone and the other ways to replay: ``make bench``."""
