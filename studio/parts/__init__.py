"""One module for each thing that `apply` makes agree. None imports another."""
