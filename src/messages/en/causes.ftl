# Why a request was rejected: a heading, also after "Latest reason:". What an outsider can forge is an observation about the
# request, never a fact about the gateway.

# Two causes of the same rejection
both = { $first }. Also: { $second }

no-signature = No signature was sent
header-missing = The header { $header } is missing
signature-unreadable = The signature can’t be read
out-of-tolerance = The signed time is more than { $length } in the past or future
renamed-header = The signature is in a header with another name
renamed-header-of = The right signature is in another header, { $header }
other-gateway = The request carries a signature header of { $gateway }
scanner = The request has no signature and looks like a vulnerability scan

# The signature in another notation
repeated-header = The signature was sent more than once
quoted = The signature has quotes or spaces around it
upper-case = The signature is in upper case
prefixed = The signature has a prefix such as sha256=
version-missing = The signature doesn’t begin with v1 and a comma
base64-not-hex = The signature is encoded in base64 instead of hex
base64-other = The signature is in another form of base64
hex-not-base64 = The signature is encoded in hex instead of base64
truncated = The signature is cut short
lengthened = Something was appended to the signature

# Signed by another method
other-hash = The signature is made with { $hash } instead of SHA-256
other-length = The signature matches no secret of this webhook, and has the length of { $hash } instead of SHA-256
not-keyed = The signature is a plain SHA-256 hash, made without a key
hashed-with-secret = Signed with this webhook’s secret, but with a plain SHA-256 hash of secret and body instead of HMAC-SHA256
asymmetric-only = The request carries only an asymmetric signature (v1a)
signed-body-only = Signed with this webhook’s secret, but over the body alone
signed-part = Signed with this webhook’s secret, but over only part of the body
signed-not-body = Signed with this webhook’s secret, but over data other than the body
signed-other-parts = Signed with this webhook’s secret, but over parts other than ID, time and body
checkout = The request carries the signature of a checkout, not of a webhook

# Signed with another secret
old-secret = Signed with a previous secret of this webhook, which has expired
retired-secret = Signed with a retired secret of this webhook
other-mode = Signed with the secret of the other mode ({ $webhook })
other-connection = Signed with the secret of another webhook of this app ({ $webhook })
other-app = Signed with the secret of another app ({ $webhook })
key-secret = Signed with an API Key Secret
secret-with-space = The secret was pasted with a space
secret-with-line-end = The secret was pasted with a line break
secret-with-invisible = The secret was pasted with an invisible character
secret-quoted = The secret was pasted with quotes or punctuation
secret-labelled = The secret was pasted with a label in front of it
secret-cut = Only part of the secret was pasted
secret-doubled = The secret was pasted twice
secret-case = Letters in the secret were changed to upper or lower case
secret-encoded = The secret was encoded first
secret-encoded-line-end = The secret was encoded first, together with a line break
secret-url-encoded = The secret was URL-encoded first
secret-html-escaped = The secret was HTML-escaped first
secret-escaped = Backslashes or other escape characters of the secret were changed
secret-hashed = The secret was hashed first
secret-decoded = The secret was decoded first
secret-with-prefix = Signed with the secret including its { $prefix } prefix
secret-not-decoded = Signed with the secret as text, not decoded
secret-mistyped = One character of the secret is wrong
secret-guessable = Signed with a secret that may have been guessed
secret-is-url = Signed with the webhook’s URL as the secret
secret-is-id = Signed with an ID as the secret
secret-is-key-id = Signed with the API Key ID as the secret
secret-is-copied = Signed with an email address or a UPI ID of the Webhook page as the secret
secret-is-dots = Signed with the dots that hide the secret
secret-empty = Signed with an empty secret

# Signed over another body
body-respaced = The body was changed on the way: spaces and line breaks differ
body-reordered = The body was changed on the way: its fields are in another order
body-escaped = The body was changed on the way: its characters are escaped differently
body-rewritten = The body was changed on the way: it was parsed and written again
body-line-end = The body was changed on the way: something was added or removed at its end
body-line-ends = The body was changed on the way: its line breaks differ
body-mark = The body was changed on the way: a byte order mark was added or removed
body-form = The body was changed on the way: it was forwarded as a form, or URL-encoded
body-wrapped = The body was changed on the way: it was wrapped in another message
body-charset = The body was changed on the way: it was decoded in another character set
body-html-escaped = The body was changed on the way: its quotes were HTML-escaped
body-backslashed = The body was changed on the way: backslashes were added before quotes
body-compressed = The body is compressed, but the header Content-Encoding is missing
body-empty = The body is empty
body-cut = The body is cut short

# Signed at another time; the distance is known or only its minimum
signed-earlier = Signed { $length } before it arrived
signed-earlier-by-more = Signed more than { $length } before it arrived
signed-ahead = Signed { $length } ahead of this server’s time
signed-ahead-by-more = Signed more than { $length } ahead of this server’s time
time-earlier = The signature matches no secret of this webhook, and its time is { $length } ago
time-earlier-by-more = The signature matches no secret of this webhook, and its time is more than { $length } ago
time-ahead = The signature matches no secret of this webhook, and its time is { $length } ahead
time-ahead-by-more = The signature matches no secret of this webhook, and its time is more than { $length } ahead
time-in-millis = { $header } is in milliseconds
time-unreadable = { $header } isn’t a number

# Neither signature nor secret
other-account = The signature matches no secret of this webhook, and the body names another { $gateway } account than your verified events
now-verifies = The signature is valid now
disabled = It arrived while this webhook was disabled
too-large = The body is larger than 1 MiB
encoded = The body arrived compressed or encoded
too-slow = The body didn’t arrive within 3 s
not-diagnosed = Not every common mistake has been checked yet: many requests arrived together, or their bodies are very large
never-diagnosed = Not every common mistake was checked: many requests arrived together, or their bodies are very large
unknown = The signature matches no secret of this webhook
unverified = It couldn’t be verified
