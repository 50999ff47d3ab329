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

none-yet = No delivery yet
none-yet-text = Events that are received from now on are listed here as they are sent.
none-found = No delivery matches
none-found-text = No delivery to this destination matches.
show-all = Show all deliveries

## A delivery

delivered-at = Delivered to { $destination }, { $time }.
failed-at = Every attempt to deliver it to { $destination } failed. The last one ended { $time }.
canceled-at = Not sent to { $destination }: the destination was deleted or its format changed, or the event’s body was deleted, { $time }.
skipped-at = Skipped, so not sent to { $destination }, { $time }.
sending-now = Being sent to { $destination } now.
waits = Waits to be sent to { $destination }. The next attempt is at { $time }.
waits-soon = Waits to be sent to { $destination }. The next attempt is about to begin.
waits-paused = Waits to be sent to { $destination }, which is paused.
waits-on-hold = Waits to be sent to { $destination }, whose deliveries are on hold because most attempts failed.
waits-behind = Waits to be sent to { $destination }, after an earlier delivery that hasn’t succeeded yet.
attempts = Attempts
no-attempt = No attempt has been made yet.
attempt = Attempt { $number }: { $result }
attempt-redirected = Attempt { $number }: status { $status }. Redirects aren’t followed. Enter the final URL.
status = status { $status }
no-response = no response
took = { $duration } · { $address }
millis = { $count }{ "\u00A0" }ms
response = Response
response-cut = Response, the first 20,000 bytes
response-empty = The response had no body.
response-not-stored = This response isn’t stored.
only-newest = Only the { $count } newest attempts are listed.
details = Details
destination = Destination
event = Event
delivery-id = Delivery ID
attempts-made = Attempts
created = Event received
ended = Ended
retry-now = Retry now
replay = Replay
skip = Skip
earlier-delivery = Open the earlier delivery
skip-note = A skipped delivery isn’t sent, unless you replay it.
actions-note = A replay is sent under the same event ID.
now-replayed = Being sent now. Reload this page to see the response.
now-waiting = It’s sent as soon as the destination is resumed.
now-on-hold = It’s sent once an attempt to this destination succeeds.
now-behind = It’s sent after the earlier deliveries.
is-being-sent = It’s being sent at the moment. Try again in a few seconds.
now-skipped = The delivery is skipped. You can still replay it.
has-ended = This delivery has already ended.

## What is sent

request = Request
request-note = Each attempt is a POST request with these headers and the body below them.
header-id = The event’s ID, { $id }. It’s the same on every attempt and replay: ignore an event that you have already processed.
header-timestamp = The time of the attempt, in seconds since 1970
header-signature = v1, and the Base64 of HMAC-SHA256 over id.timestamp.body; one for each valid secret. The key is the secret after whsec_, decoded from Base64.
header-user-agent = Always { $value }
header-content-type = As received, else { $value }
header-content-type-json = { $value }
header-passed = As received from { $gateway }
header-resigned = As { $gateway } makes it, with a secret of this destination
header-state = The event’s state: { $state }
header-fixed = A header of this destination. Its value isn’t shown.
view-event = View the event
body-original = The body is exactly what { $gateway } sent.
body-normalized = The body is the event in the KS Pay format.

## Why an attempt had no response

failure-forbidden = the address isn’t allowed
failure-name-not-found = the host name wasn’t found
failure-name-slow = the host name wasn’t resolved in time
failure-connection-refused = the connection was refused
failure-unreachable = the address can’t be reached
failure-connect-slow = no connection in time
failure-tls = no secure connection
failure-certificate-expired = the certificate has expired
failure-certificate-of-other-name = the certificate is for another host name
failure-certificate-untrusted = the certificate isn’t trusted
failure-no-certificates = this server has no list of trusted certificates
failure-response-slow = no response in time
failure-connection-closed = the connection was closed before a response
failure-not-http = the response wasn’t HTTP
failure-head-too-large = the headers of the response were too large
failure-unreadable = the event or the secret can’t be read

# The same in the list
result-forbidden = Not allowed
result-no-host = Host not found
result-no-connection = No connection
result-tls = No secure connection
result-timeout = Timeout
result-not-http = Invalid response
result-unreadable = Unreadable

## On the page of an event

not-sent-to = Not sent to
not-selected = doesn’t receive events of this type
no-normalized-form = receives the KS Pay format, which doesn’t exist for this event
elsewhere = receives events of another gateway
added-later = added after the event was received
settings-differed = had different settings when the event was received
deleted-destination = { $name }, deleted
