"""Facts that settings, rules and the program share: each has its one home here."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# The images of a stack, as `prebuilt` and the folders of backends/ name them.
IMAGE_NAMES = ("frontend", "segmentation", "segment_anything_model")
# That of the jobs over an archive, which no machine of the stack runs.
BATCH_IMAGE = "batch"

EVERYWHERE = "0.0.0.0/0"
TLS_PORT = 443
# Where the studio answers in plain HTTP: without TLS, and through the IAP tunnel.
PLAIN_PORT = 8080

# The data disk's device name: Linux shows the disk as /dev/disk/by-id/google-atelier-data.
DATA_DEVICE = "atelier-data"
# The machine's attribute that holds the service account's key.
KEY_ATTRIBUTE = "GOOGLE_APPLICATION_CREDENTIALS_BASE64"
# What a dynamic resource prints begins so where something went wrong that ends nothing.
WARNING = "warning: "
