"""What a stack's config may say: one rule a function, one subject a file."""
