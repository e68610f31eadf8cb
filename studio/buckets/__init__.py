"""Cloud Storage: addresses, listings, and what an account may do."""
