"""A whole archive at once, on Apache Beam: pre-labels, or embeddings, before anybody logs in."""
