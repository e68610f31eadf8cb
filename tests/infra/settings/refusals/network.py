"""Refusals of who reaches the studio, and how: the config, and the line that says so."""

REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "an address that is no range": (
        {"allowedRanges": ["203.0.113.0/240"]},
        'allowedRanges: "203.0.113.0/240" is not an address range. Write four numbers and a length,'
        " as in 203.0.113.0/24.",
    ),
    "an address without a length": (
        {"allowedRanges": ["203.0.113.7"]},
        'allowedRanges: "203.0.113.7" is an address without a length. Write 203.0.113.7/32.',
    ),
    "a range that begins in its middle": (
        {"allowedRanges": ["203.0.113.7/24"]},
        'allowedRanges: "203.0.113.7/24" has bits set after its length. Write 203.0.113.0/24.',
    ),
    "an IPv6 range": (
        {"allowedRanges": ["2001:db8::/32"]},
        'allowedRanges: "2001:db8::/32" is IPv6, and the machine has an IPv4 address only.'
        " Write an IPv4 range.",
    ),
    "nobody allowed in": (
        {"allowedRanges": []},
        "allowedRanges: the list is empty, so nobody could open the studio. Write your office's"
        " range as in 203.0.113.0/24, or 0.0.0.0/0 for everybody, or set access to iap.",
    ),
    "ranges beside a tunnel": (
        {"access": "iap", "tls": "off", "allowedRanges": ["10.0.0.0/8"]},
        "allowedRanges: access iap opens no port, so allowedRanges has no effect."
        " Remove allowedRanges, or set access to public.",
    ),
    "a text in place of a list": (
        {"allowedRanges": "203.0.113.0/24"},
        'allowedRanges: "203.0.113.0/24" is not a list.'
        " Write indented lines that begin with a hyphen.",
    ),
    "a certificate that nobody can issue": (
        {"access": "iap"},
        "tls: access iap opens no port, so no certificate can be issued for tls address."
        " Set tls to off: the tunnel itself is encrypted.",
    ),
    "a certificate for no domain": (
        {"tls": "domain"},
        "domain: tls domain needs the name under which labelers open the studio."
        " Set domain, as in label.example.org, or set tls to address.",
    ),
    "a domain without a certificate for it": (
        {"domain": "label.example.org"},
        'domain: "label.example.org" is given, but tls is address.'
        " Set tls to domain, or remove domain.",
    ),
    "an address in place of a domain": (
        {"tls": "domain", "domain": "https://label.example.org/"},
        'domain: "https://label.example.org/" is not a domain name. Write the name alone, in'
        " lowercase, as in label.example.org: no https://, no path, no port.",
    ),
    "a correspondent that is not an e-mail address": (
        {"acmeEmail": "it"},
        'acmeEmail: "it" is not an e-mail address. Write one as in it@example.org, or nothing.',
    ),
    "a correspondent of no issuer": (
        {"tls": "off", "allowedRanges": ["10.0.0.0/8"], "acmeEmail": "it@example.org"},
        "acmeEmail: with tls off no certificate is requested. Remove acmeEmail, or set tls.",
    ),
    "an origin with a path": (
        {"corsOrigins": ["https://label.example.org/"]},
        'corsOrigins: "https://label.example.org/" is not an origin. Write scheme and host as in'
        " https://label.example.org: no path, no slash at the end.",
    ),
    "an origin beside all": (
        {"corsOrigins": ["*", "https://label.example.org"]},
        'corsOrigins: "*" already means every page on the internet.'
        ' Write ["*"] alone, or leave it out.',
    ),
    "more ranges than a rule takes": (
        {"allowedRanges": [f"10.{i // 256}.{i % 256}.0/24" for i in range(5001)]},
        "allowedRanges: there are 5001, and a firewall rule takes 5000. Join neighbours into "
        "larger ranges, or set access to iap.",
    ),
    "one range twice": (
        {"allowedRanges": ["203.0.113.0/24", "10.0.0.0/8", "203.0.113.0/24"]},
        'allowedRanges: "203.0.113.0/24" is there more than once. Write each range once.',
    ),
    "one range twice among as many as a rule takes": (
        {"allowedRanges": ["10.0.0.0/24", *(f"10.{i // 256}.{i % 256}.0/24" for i in range(4999))]},
        'allowedRanges: "10.0.0.0/24" is there more than once. Write each range once.',
    ),
    "passwords readable for everybody": (
        {"tls": "off"},
        "tls: with tls off and the port open to everybody, anybody on the way can read "
        "passwords and masks. Set tls to address, which needs no domain; or allowedRanges to "
        "your office's range as in 203.0.113.0/24, or access to iap.",
    ),
}
