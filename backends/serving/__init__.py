"""The shared library of both ML backends: the HTTP contract, image access, masks, caches."""
