"""What a backend counts, in Prometheus' process-wide registry."""

from prometheus_client import Counter, Gauge, Histogram

# A click is answered in 10 ms to 1 s, a batch of tasks or a cold encode in up to 100 s.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100)

REQUESTS = Counter(
    "atelier_requests_total", "Requests by route and HTTP status", ["route", "status"]
)
LATENCY = Histogram(
    "atelier_request_seconds", "Seconds from request to answer", ["route"], buckets=_BUCKETS
)
FAILED_TASKS = Counter(
    "atelier_failed_tasks_total", "Tasks that could not be answered, by kind", ["kind"]
)
CACHE_HITS = Counter("atelier_embedding_cache_hits_total", "Clicks that found their embedding")
CACHE_MISSES = Counter("atelier_embedding_cache_misses_total", "Clicks that had to wait for one")
CACHE_BYTES = Gauge("atelier_embedding_cache_bytes", "Bytes that the kept embeddings take")
ENCODES = Counter("atelier_encodes_total", "Images that the encoder has seen")
ENCODE_SECONDS = Histogram("atelier_encode_seconds", "Seconds of one encode", buckets=_BUCKETS)
