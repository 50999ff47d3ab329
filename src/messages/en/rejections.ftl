# The list of rejections, a rejection, and the recovery of its requests.

title = Rejections
rejection = Rejection
intro = Requests that failed verification. They aren’t counted as payments unless you recover them.

# The list
column-reason = Reason
column-from = From
column-count = Count
column-last = Last
# How often a request was rejected
times = { $count ->
    [1] once
   *[other] { $count } times
}
times-since = { $count ->
    [one] { $count } time since { $time }
   *[other] { $count } times since { $time }
}
some-recovered = { $count } recovered
search-example = Rejection ID or IP address
id-or-address = Enter a complete rejection ID or an IP address.
none-of-filters = No rejection matches
none-of-filters-text = Rejections are stored for 15 days after their last request.
show-all = Show all rejections
nothing = No rejected requests
nothing-text = A request that reaches a webhook of { $mode } mode and can’t be verified is stored here for 15 days, with the reason and what to do.

# The reason that the server recorded, as a label
label-signature-missing = No signature
label-signature-malformed = Unreadable signature
label-signature-mismatch = Wrong signature
label-time-out-of-tolerance = Signed time out of range
label-disabled = Off
label-too-large = Too large
label-encoded = Encoded
label-too-slow = Too slow

# Another webhook of the company
webhook = { $gateway }, { $mode } mode
webhook-of-app = { $app }: { $gateway }, { $mode } mode
another-webhook = another webhook

# The page of a rejection
rejected-once = { $gateway }, { $mode } mode. Rejected once, { $time }.
rejected-often = { $gateway }, { $mode } mode. Rejected { $count } times since { $first }, last { $last }.
what-to-do = What to do
cause-unknown = We couldn’t identify the cause. Check the following:
what-was-tried = What KS Pay tried
diagnosis-scope = KS Pay tried up to 64 secrets of this webhook, the valid ones first, up to 64 of your company’s other webhooks and up to 64 Key Secrets on requests like this: unchanged; with spaces, line breaks or quotes around them; in upper case and in lower case. It also tried this webhook’s valid secrets with every other single copy-paste mistake it knows, with one likely typing mistake, and with a body that was reformatted on the way. None matches. Rare mistakes, and several together, are tried only while there is time.
not-yours = If someone else sent it, there is nothing to do.
open-webhook = Open webhook settings
open-other-webhook = Open the other webhook
check-url = Check the URL
open-gateways = Payment Gateway Settings

# Recovery
recovery = Recover rejected requests
recover-requests = { $count ->
    [one] Recover this request
   *[other] Recover these { $count } requests
}
recover-shown = Only the one shown below
can-add-secret = If these requests are yours, KS Pay can also accept the secret they were signed with. You can then recover them, and the gateway’s retries are accepted too.
offered = { $count ->
    [one] With that secret, { $count } stored request of this rejection can be verified, received { $time }.
   *[other] With that secret, { $count } stored requests of this rejection can be verified, the first received { $time }.
}
offered-elsewhere = { $count ->
    [one] With that secret, { $count } stored request of this rejection and { $others } of other rejections can be verified, the first received { $time }.
   *[other] With that secret, { $count } stored requests of this rejection and { $others } of other rejections can be verified, the first received { $time }.
}
before-adding = First check which URL the webhook has at the gateway. If these are payments of the other webhook, don’t add its secret here: correct the URL.
add-secret = Add secret
enter-secret = Enter the secret
nothing-to-add = There is no secret to add: none of the stored requests reveals it. Enter it yourself on the Webhook page.
added = Secret added: requests signed with it are accepted from now on. Recover the rejected requests below, and retire the secret on the Webhook page when you no longer need it.
enable-first = Enable the app and its gateway first. Then you can recover requests.
recovered-nothing = No new event
recovered-known = { $known ->
    [one] No new event; { $known } request had already been received again
   *[other] No new event; { $known } requests had already been received again
}
recovered-events = { $count ->
    [one] { $count } event recovered
   *[other] { $count } events recovered
}
recovered-events-one-known = { $count ->
    [one] { $count } event recovered; 1 request had already been received again
   *[other] { $count } events recovered; 1 request had already been received again
}
recovered-events-some-known = { $count ->
    [one] { $count } event recovered; { $known } requests had already been received again
   *[other] { $count } events recovered; { $known } requests had already been received again
}
recovered-list = Recovered events
more-recovered = { $count ->
    [one] { $count } request recovered in total: see all events
   *[other] { $count } requests recovered in total: see all events
}
requests-rejected = { $count ->
    [one] { $count } request rejected in the last 24 h, for any reason
   *[other] { $count } requests rejected in the last 24 h, for any reason
}
requests-rejected-since-before = { $count ->
    [one] { $count } request rejected, perhaps more than 24 h ago
   *[other] { $count } requests rejected, some of them perhaps more than 24 h ago
}
more-requests-rejected = more than { $count } requests rejected in the last 24 h, for any reason

# A stored request
request = Request as received
body-not-read = This request was rejected before its body was read, so it can’t be recovered.
body-truncated = Its body has { $size }. Only the first 256 KiB are stored, so it can’t be recovered.
not-text = Part of it isn’t UTF-8 text and is shown as �; the download has the exact bytes.
only-start-shown = The first 64 KiB are shown; the download has all { $size } that are stored.
body = Body
body-empty = The body is empty.
request-not-stored = The request is no longer stored: storage per rejection is limited in size and time. The count includes every request.
stored-requests = Stored requests
note-recovered = recovered
note-verifies = can be verified with that secret
more-stored = { $stored } stored, the newest { $shown } shown
size-bytes = { $count ->
    [one] { $count } byte
   *[other] { $count } bytes
}
size-bytes-cut = { $size }; the first 256 KiB are stored
not-read = not read

# Its details
details = Details
rejection-id = Rejection ID
rejected = Rejected
first = First
last = Last
from = From
signed-with = Signed with
secret-id = Secret ID
size = Size
recovered = Recovered
stored-until = Stored until

# Whether the stored requests can be recovered
not-stored = These requests are no longer stored, so they can’t be recovered.
nothing-left = Nothing is left to recover: every completely stored request has been recovered.
never-read = These requests can’t be recovered: their bodies were rejected before they were read.
only-beginning = These requests can’t be recovered: only the beginning of their bodies is stored.
bodies-empty = These requests can’t be recovered: their bodies are empty.
bodies-cut = These requests can’t be recovered: their bodies are incomplete.
bodies-compressed = These requests can’t be recovered: their bodies are compressed.
signatures-unreadable = These requests can’t be recovered: their signatures can’t be read.
changed-after-signing = These requests can’t be recovered: they were changed after they were signed.
secret-not-addable = These requests can’t be recovered: the secret they were signed with can’t be added here.
key-never-valid = These requests can’t be recovered: the key they were signed with can never be this webhook’s secret.
anyone-could-send = These requests can’t be recovered: anyone could have sent them.
not-of-this-webhook = These requests can’t be recovered: they weren’t signed with a secret of this webhook.
not-recoverable = These requests can’t be recovered.
not-recoverable-here = These requests can’t be recovered here: they were signed with the secret of another webhook.
no-longer-verified = These requests can no longer be verified.
secret-not-accepted = These requests weren’t signed with a secret that KS Pay accepts.
secret-not-accepted-here = These requests weren’t signed with a secret that KS Pay accepts here.
request-verifies = The stored request can now be verified.
requests-verify = { $count ->
    [one] { $count } of { $stored } stored requests can now be verified.
   *[other] { $count } of { $stored } stored requests can now be verified.
}
becomes-event = Each recovered request becomes an event marked as recovered, and is recorded only once, even if the gateway retries or replays it.

# Whether the gateway's retries will be accepted
retries-once-unchanged = They were signed with the right secret, so retries are accepted once they arrive unchanged.
retries-if-sent = If { $sender } sent them, retries are accepted once they arrive unchanged.
after-last-retry = After the last retry, the payments can still be found.
if-sent-look-up = If { $sender } sent them, the payments can still be found.
unless-added = If you add that secret too, they are accepted.
new-events = New events are accepted.
wrong-url-there = If the gateway has the wrong URL, there is nothing to recover here.
wrong-secret-there = If it has the wrong secret, retries of these events keep failing after the fix, unless you add that secret too.
retries-elsewhere = After the fix, retries of these events that still arrive here keep failing.
if-signed-again = After the fix, retries are accepted if they are signed again. Otherwise, they are accepted if you add that secret too.
only-if-signed-again = After the fix, retries are accepted only if the program signs each one again; if it reuses the first signature, they keep failing.
enter-if-yours = If they are yours, enter the secret they were signed with; you can then recover them.
enable-then-enter = Enable the webhook first, then enter the secret these requests were signed with. You can then recover them.
