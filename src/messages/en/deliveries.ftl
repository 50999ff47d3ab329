# Deliveries: the list of a destination, a delivery with its attempts, and those of an event.

title = Deliveries
column-event = Event
column-state = State
column-attempts = Attempts
column-response = Last response
column-next = When
search-example = Event, payment or order ID
whole-id = Enter a complete event, payment, order or transaction ID.
unknown-type = Unknown type
next-at = Next { $time }
next-soon = Next attempt soon
after-previous = After the previous one
while-paused = When resumed

# States
waiting = Waiting
sending = Sending
delivered = Delivered
failed = Failed
canceled = Cancelled
skipped = Skipped

none-yet = No deliveries yet
none-yet-text = Events received from now on are listed here.
none-found = No delivery matches
none-found-text = No delivery to this destination matches your search and filters.
show-all = Show all deliveries

## A delivery

delivered-at = Delivered to { $destination }, { $time }.
failed-at = Not delivered to { $destination }: every attempt failed. The last one ended { $time }.
canceled-at = Not delivered to { $destination }: cancelled { $time }, because the destination was deleted, its format was changed, or the event’s body was deleted.
skipped-at = Skipped and not delivered to { $destination }, { $time }.
sending-now = Being sent to { $destination } now.
waits = Waiting to be sent to { $destination }. The next attempt is at { $time }.
waits-soon = Waiting to be sent to { $destination }. The next attempt starts soon.
waits-paused = Waiting to be sent to { $destination }, which is paused. Resume the destination to send it.
waits-on-hold = Waiting to be sent to { $destination }. Deliveries to it are on hold because most attempts have failed.
waits-behind = Waiting to be sent to { $destination }, after an earlier delivery that hasn’t ended yet.
attempts = Attempts
no-attempt = No attempt has been made yet.
attempt = Attempt { $number }: { $result }
attempt-redirected = Attempt { $number }: status { $status }. Redirects aren’t followed. Edit the destination and enter the final URL.
status = status { $status }
no-response = no response
took = { $duration } · { $address }
millis = { $count }{ "\u00A0" }ms
response = Response
response-cut = Response, at most the first 20,000 bytes
response-empty = The response had no body.
response-not-stored = This response isn’t stored.
only-newest = Only the { $count } newest attempts are listed.
details = Details
destination = Destination
event = Event
delivery-id = Delivery ID
attempts-made = Attempts
created = Event received
run = Automation run
run-created = Run created
from-automation = This delivery comes from an automation.
view-run = View the run
ended = Ended
retry-now = Retry now
replay = Replay
skip = Skip
earlier-delivery = Open the earlier delivery
skip-note = A skipped delivery isn’t sent unless you replay it.
actions-note = A replay has the same ID.
now-replayed = Delivery is being sent now. Reload this page to see the response.
now-waiting = KS Pay sends this delivery when you resume the destination.
now-on-hold = KS Pay sends this delivery as soon as an attempt to this destination succeeds.
now-behind = KS Pay sends this delivery after the earlier ones.
is-being-sent = This delivery is already being sent. Try again in a few seconds.
now-skipped = Delivery skipped. You can still replay it.
has-ended = Only a waiting delivery can be skipped. This one has ended or is being sent.

## What is sent

request = Request
request-note = Each attempt is a POST request with these headers and the body below them.
header-id = The event’s ID, { $id }. It’s the same in every attempt and replay: ignore events that you have already processed.
header-id-run = The run’s ID, { $id }. It’s the same in every attempt, in every replay and when the run is run again: ignore runs that you have already processed.
header-timestamp = The time of the attempt, in Unix seconds
header-signature = “v1,” and the Base64 of the HMAC-SHA256 over id.timestamp.body, once for each valid secret. The key is the part of the secret after whsec_, decoded from Base64.
header-user-agent = Always { $value }
header-content-type = As received, or { $value } if none was received
header-content-type-json = { $value }
header-passed = As received from { $gateway }
header-resigned = As { $gateway } creates it, but with a secret of this destination
header-state = The event’s state: { $state }
header-fixed = Set for this destination. Its value isn’t shown.
view-event = View the event
body-original = The body is exactly what { $gateway } sent.
body-normalized = The body is the event in the KS Pay format.
body-automation = The body is the JSON that the automation created when it last ran.

## Why an attempt had no response

failure-forbidden = KS Pay can’t send events to this address
failure-name-not-found = the host name wasn’t found
failure-name-slow = the host name wasn’t resolved in time
failure-connection-refused = the connection was refused
failure-unreachable = the address can’t be reached
failure-connect-slow = the connection timed out
failure-tls = no secure connection could be opened
failure-certificate-expired = the certificate has expired
failure-certificate-of-other-name = the certificate is for another host name
failure-certificate-untrusted = the certificate isn’t trusted
failure-no-certificates = the KS Pay server has no list of trusted certificates
failure-response-slow = there was no response in time
failure-connection-closed = the connection was closed before a response
failure-not-http = the response wasn’t HTTP
failure-head-too-large = the headers of the response were too large
failure-unreadable = the event, a secret or a header can’t be read

# The same in the list
result-forbidden = Address not allowed
result-no-host = Host not found
result-no-connection = No connection
result-tls = No secure connection
result-timeout = Timeout
result-not-http = Invalid response
result-unreadable = Unreadable

## On the page of an event

not-sent-to = Not sent to
not-selected = doesn’t receive events of this type
no-normalized-form = receives the KS Pay format, which doesn’t support this event
elsewhere = receives events of another gateway
added-later = added after the event was received
settings-differed = had different settings when the event was received
deleted-destination = { $name }, deleted
