"""Refusals of names: the config, and the line that says so."""

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "a snapshot's name that cannot be": (
        {"restoreFrom": "Last Week"},
        'restoreFrom: "Last Week" cannot be a snapshot\'s name. Write newest, none, or a name from'
        " `gcloud compute snapshots list`.",
    ),
    "a bucket with capitals": (
        {"sourceBucket": "Our_Photos"},
        'sourceBucket: "Our_Photos" has characters that Google refuses in a bucket\'s name.'
        " Use lowercase letters, digits, - and _ only.",
    ),
    "a bucket's address": (
        {"targetBucket": "gs://masks"},
        'targetBucket: "gs://masks" has characters that Google refuses in a bucket\'s name.'
        " Use lowercase letters, digits, - and _ only.",
    ),
    "a bucket too short": (
        {"sourceBucket": "ab"},
        'sourceBucket: "ab" has 2 characters; Google takes 3 to 63. Choose a longer name.',
    ),
    "a bucket too long": (
        {"sourceBucket": "a" * 64},
        f'sourceBucket: "{"a" * 64}" has 64 characters; Google takes 3 to 63.'
        " Choose a shorter name.",
    ),
    "a bucket that looks like an address": (
        {"sourceBucket": "192.168.5.4"},
        'sourceBucket: "192.168.5.4" looks like an IP address, which Google refuses.'
        " Choose a name with letters.",
    ),
    "a bucket that looks like a domain": (
        {"sourceBucket": "photos.example.org"},
        'sourceBucket: "photos.example.org" has a dot: Google takes it for a domain and wants proof'
        " that you own it. Write a hyphen instead: photos-example-org.",
    ),
    "a bucket that ends in a hyphen": (
        {"sourceBucket": "photos-"},
        'sourceBucket: "photos-" must begin and end with a letter or digit. Write photos.',
    ),
    "a bucket with Google's beginning": (
        {"sourceBucket": "goog-photos"},
        'sourceBucket: "goog-photos" begins with "goog", which Google keeps for itself.'
        " Choose another beginning.",
    ),
    "a bucket that looks like Google": (
        {"sourceBucket": "my-g00g1e-photos"},
        'sourceBucket: "my-g00g1e-photos" contains "google" or looks like it, which Google refuses.'
        " Leave that word out.",
    ),
    "one bucket for both": (
        {"sourceBucket": "photos", "targetBucket": "photos"},
        'targetBucket: "photos" is the source bucket too.'
        " Name another bucket: results would be offered as images to label.",
    ),
    "a billing account's name": (
        {"billingAccount": "Our account"},
        'billingAccount: "Our account" is not a billing account\'s id. Write it as'
        " `gcloud billing accounts list` shows it: 012345-6789AB-CDEF01.",
    ),
    "a label with a capital": (
        {"labels": {"Team": "a"}},
        'labels: "Team" cannot be a label\'s name. Begin with a lowercase letter; then lowercase'
        " letters, digits, - and _, 63 in all.",
    ),
    "a label's value with a space": (
        {"labels": {"team": "our team"}},
        'labels: "our team" cannot be the value of "team".'
        " Use at most 63 lowercase letters, digits, - and _.",
    ),
    "a label's value that is a number": (
        {"labels": {"cost-center": 4711}},
        "labels: 4711 (cost-center) is not text. Put it in quotes.",
    ),
    "a label of the program's own": (
        {"labels": {"managed-by": "me"}},
        'labels: "managed-by" is kept for Google and this program. Choose another name.',
    ),
    "more labels than Google takes": (
        {"labels": {f"l{number}": "" for number in range(63)}},
        "labels: there are 63; Google takes 62 beside the stack's own. Leave some out.",
    ),
    "a misspelt key": (
        {"sorceBucket": "photos"},
        "sorceBucket: there is no such setting; the nearest is sourceBucket."
        " Run `pulumi config rm atelier:sorceBucket` and set sourceBucket instead.",
    ),
    "a key in snake case": (
        {"max_run_hours": 8},
        "max_run_hours: there is no such setting; the nearest is maxRunHours."
        " Run `pulumi config rm atelier:max_run_hours` and set maxRunHours instead.",
    ),
    "a key unlike any": (
        {"xyzzy": 1},
        "xyzzy: there is no such setting."
        " Run `pulumi config rm atelier:xyzzy`; docs/settings.md has them all.",
    ),
}
