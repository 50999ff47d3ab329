# Bodies and headers of requests.

bytes = { $count ->
    [one] { $count } byte
   *[other] { $count } bytes
}
as-sent = As { $gateway } sent it
download = Download raw body
raw-body = Raw body
formatted = { $name }, formatted
raw = { $name }, raw
headers = Headers
headers-removed = Cookies and credentials removed
copy-body = Copy body
copy-headers = Copy headers
body = Body
find = Search in the body
found = { $number } of { $count }
not-found = No match
expand = Show all of it
collapse = Show less
# A command for a developer's own machine
curl = cURL command for your own machine
curl-command = cURL command
copy-curl = Copy as cURL
curl-explained = The command signs the body and sends it to a server on your own machine. First, put your webhook’s secret in the variable { $variable }, and change { $url } if your server has another address. The command contains neither the secret nor a signature.
curl-from-file = This body can’t be pasted into a terminal unchanged, so the command sends the file { $file }. Download the raw body first.
copied = Copied
not-text = Part of the body isn’t UTF-8 text and is shown as �; the download has the exact bytes.
truncated = The body has { $size }. The first 64 KiB are shown; the download has all of it.
empty = The body is empty.
invisible = This contains characters that are invisible or change the direction of text. They are shown as code points, such as ⟨U+202E⟩; the download has the exact bytes.
deleted = Headers and body have been deleted, because this installation stores them for a limited time. Everything else about the event is intact, and a repeated request is still recognised.
damaged = The stored request of this event is damaged ({ $damage }). Everything else about the event is intact. Ask your server administrator to run { $command } and check the disk; a backup may still contain the request.
