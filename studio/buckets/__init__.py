"""Cloud Storage and folders: addresses, listings, and what an account may do."""
