# Destinations: the list, the form, a destination, and its secrets.

title = Destinations
intro = Send verified events to your own systems.
add = Add destination
nothing = Send events to your own systems
nothing-text = Add the URL of your shop’s backend. KS Pay signs each verified event in { $mode } mode and sends it there. If a delivery fails, KS Pay retries it for about three days.

## The list

column-name = Name and URL
column-receives = Receives
column-state = State
column-waiting = Waiting
column-last-success = Last success
note = Each verified event is sent to every destination that receives its type, signed with that destination’s own secret.
waiting = { $count }
waiting-at-least = { $count } or more
none-waiting = None
oldest = oldest { $time }
never = Never
rate = { $delivered } of the last { $count } succeeded
all-events = All events

## States

active = Active
paused = Paused
not-responding = On hold
failing = Failing
paused-by-user = Paused by a user, { $time }
paused-gone = Responded with status 410, { $time }
paused-no-success = No delivery succeeded for 5 days
next-attempt = Next attempt { $time }
failing-since = since { $time }

is-paused = This destination is paused
is-paused-named = { $name } is paused
is-gone = This destination is paused: your system responded that the URL no longer exists (status 410)
is-gone-named = { $name } is paused: your system responded that the URL no longer exists (status 410)
is-without-success = This destination is paused: no delivery succeeded for 5 days
is-without-success-named = { $name } is paused: no delivery succeeded for 5 days
# $waiting: a sentence.
is-paused-reason = { $waiting } New events will wait too. Resume the destination to send all of them.
is-paused-reason-none = New events wait until you resume the destination.
# $waiting: a sentence.
is-gone-reason = Correct the URL or your system, then resume the destination. { $waiting } Waiting events are sent when you resume.
is-gone-reason-none = Correct the URL or your system, then resume the destination. New events wait until then.
is-not-responding = Deliveries are on hold: most attempts have failed since { $time }
is-not-responding-named = { $name } is on hold: most attempts have failed since { $time }
# $waiting, $next: sentences.
is-not-responding-reason = { $waiting } Waiting events are sent as soon as an attempt succeeds. { $next }
next-attempt-at = The next attempt is at { $time }.
next-attempt-soon = The next attempt starts soon.
is-failing = No delivery has succeeded since { $time }
is-failing-named = { $name }: no delivery has succeeded since { $time }
# $waiting: a sentence.
is-failing-reason = { $waiting } Open a delivery to see how your system responded.
will-be-paused = If no delivery succeeds, KS Pay will pause the destination on { $time }.
events-wait = { $count ->
    [0] No event is waiting.
    [one] { $count } event is waiting.
   *[other] { $count } events are waiting.
}
events-wait-at-least = { $count } or more events are waiting.
open-destination = Open destination
more-on-destinations = { $count } more on the Destinations page

## The form

new-title = Add a destination
edit-title = Edit destination
test-note = This destination receives events of Test mode only.
live-note = This destination receives events of Live mode only.
name = Name
name-hint = For example Shop backend
url = URL
url-hint = A public https address of your own system. Redirects aren’t followed.
url-makes-secret = If you change the URL, KS Pay creates a new secret, the current one expires immediately, and the destination’s headers are removed. Deliveries fail until your system has the new secret.
format = Format
format-passed = As { $gateway } sends it (recommended)
format-passed-note = Body, event ID and signature exactly as { $gateway } sent them. Code written for { $gateway } works unchanged and keeps its secret.
format-resigned = As { $gateway } sends it, with a new signature
format-resigned-note = The body exactly as { $gateway } sent it. KS Pay signs each attempt with a secret of this destination.
format-normalized = KS Pay format
format-normalized-note = One JSON format for all gateways. Only events about payments, refunds and disputes are sent.
format-changes-waiting = If you change the format, waiting events are sent in the new format. Those that the new format doesn’t support are cancelled.
not-passed = { $gateway } signs the time of each request, so your system would reject a retry with the original signature as too old. KS Pay can send these events only with a new signature.
not-original = Events can’t be sent as { $gateway } sends them, because KS Pay can neither pass on its signature nor create a new one.
no-gateway = To send events as a gateway sends them, first add a payment gateway in { $mode } mode.
events = Events
events-hint = Leave this empty to receive all events. Otherwise enter types and groups, separated by spaces, for example { $example }. Enter { $automation } to receive only what automations send.
event-types = Event types
types-original = As { $gateway } sends it
speed = Order and speed
order = Order
order-any = Any order
order-any-note = New events don’t wait for retries of older ones.
order-fifo = In order of arrival, one at a time
order-fifo-note = If a delivery fails, the next ones wait until it succeeds, its last attempt fails, or you skip it.
concurrency = Deliveries at the same time
concurrency-hint = From 1 to { $max }. In order of arrival, it’s always 1.
per-second = Deliveries per second
per-second-hint = From 1 to { $max }. Leave this empty for no limit.
timeout = Timeout in seconds
timeout-hint = From 1 to { $max }. An attempt fails if your system doesn’t respond within this time.
secret-on-next-page = You can reveal the secret on the next page.

## Errors of the form

enter-name = Enter a name.
name-taken = A destination in { $mode } mode already has this name. Enter another name.
enter-url = Enter the URL.
url-malformed = Enter a complete URL, for example { $example }.
url-too-long = Enter a URL with at most { $max } characters.
url-not-https = Enter a URL that starts with https.
url-user-info = Remove the user name and password from the URL.
url-no-host = Enter a URL with a host name.
url-not-found = This host name wasn’t found. Check its spelling and DNS records.
url-forbidden = KS Pay can’t send events to this address. Enter a public address of your own system.
choose-format = Choose a format.
not-a-type = { $text } isn’t an event type. Enter a type such as { $example } or a group such as { $group }.
not-known-type = KS Pay doesn’t know the event type { $text } for this format. Check the spelling, or submit the form again to use it anyway.
too-many-types = Enter at most { $max } types and groups.
not-in-range = Enter a whole number from 1 to { $max }.
choose-order = Choose an order.
too-many = An app can have at most { $count } destinations in each mode. Delete one before you add another.

## A destination

edit = Edit
added-now = Destination added. Reveal its secret below and enter it in your system.
added-now-passed = Destination added. Your code keeps its { $gateway } webhook secret. Send a test event to check the connection.
saved = Changes saved
saved-with-secret = Changes saved. The destination has a new secret. Reveal it below and enter it in your system.
success-rate = Success rate
rate-of = { $percent }%
rate-note = of the last { $count } deliveries
no-rate = No delivery has ended yet
oldest-received = oldest received { $time }
details = Details
added = Added
added-by = { $time }, { $name }
one-at-a-time = One at a time
at-a-time = { $count ->
    [one] { $count } at a time
   *[other] Up to { $count } at a time
}
at-a-time-limited = { $count } at a time, up to { $rate } per second
at-most-limited = Up to { $count } at a time, up to { $rate } per second
speed-label = Speed
timeout-label = Timeout
retries-label = Retries
retries = { $count }, over about { $days } days
automations = Automations
destination-id = Destination ID

## Secrets

secret = Signing secret
secret-optional = Signing secret (optional)
secret-note = Verify { $header } with this secret, as the Standard Webhooks specification describes.
gateway-secret = Secret for the { $gateway } signature
gateway-secret-note = Verify { $header } with this secret, as { $gateway } describes it.
passed-note = { $header } is { $gateway }’s own signature. Verify it with your webhook secret from { $gateway }.
secret-hidden = Hidden
reveal = Reveal
reveal-named = Reveal the secrets
hide = Hide
hide-named = Hide the secrets
copy-secret = Copy the secret
copy-gateway-secret = Copy the secret for the gateway’s signature
secret-created = Created { $time }.
also-signed = Requests are also signed with the previous secret until { $time }.
unreadable = The secret can’t be read
unreadable-reason = It was damaged or replaced in the database, so KS Pay can’t send anything. Rotate the secret and enter the new one in your system.
rotate = Rotate secret
rotate-title = Rotate the secret
rotate-effect = KS Pay creates a new secret. For the time you choose, it signs each request with both secrets, so your system can switch without losing an event. Enter the new secret in your system before the current one expires.
rotate-gateway-effect = The { $gateway } signature uses only the new secret, from the next attempt on.
rotate-effects = What happens next
overlap = Also sign with the current secret for
overlap-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
overlap-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
choose-overlap = Choose how long requests are also signed with the current secret.
overlap-none = Stop using it immediately
overlap-none-note = Choose this if the secret has leaked. Deliveries fail until your system has the new one.
too-many-secrets = { $count } secrets of this destination are still valid, and that’s the maximum. Wait until one of them expires.
rotated = New secret created. Requests are also signed with the previous one until { $time }. Enter the new one in your system before then.
rotated-without = New secret created. The previous one has expired. Enter the new one in your system now.

## Actions

actions = Actions
pause = Pause
now-paused = { $name } is paused. Events wait until you resume it.
resume = Resume
now-resumed = { $name } is active again. Waiting events are being sent.
send-waiting = Send waiting deliveries now
send-waiting-note = Attempts every waiting delivery now instead of at its planned time.
send-now = Send now
now-sending = { $count ->
    [0] No delivery is waiting.
    [one] { $count } waiting delivery is being sent.
   *[other] { $count } waiting deliveries are being sent.
}
replay-failed = Replay failed deliveries
replay-failed-note = Sends again every delivery whose attempts have all failed.
replay-failed-title = Replay all failed deliveries?
replay = Replay
delete = Delete
delete-note = Stops sending events to this destination and cancels the waiting ones.
delete-title = Delete { $name }?
delete-effect = KS Pay stops sending events to it, and its secrets expire immediately. Past deliveries stay listed on the pages of their events. This can’t be undone.
delete-automation = This automation no longer sends to it: { $rule }.
# $waiting: a sentence.
delete-waiting = { $waiting } Deleting the destination cancels all waiting events.
delete-destination = Delete destination
keep = Keep destination
now-deleted = { $name } deleted
to-add = To add this destination, enter your password.
to-change = To change where events are sent, enter your password.
to-delete = To delete this destination, enter your password.

## Send test event
send-test = Send test event
# $note: a sentence.
send-test-named = Send test event: { $note }
send-test-note = KS Pay sends a ks_pay.test event now and shows how this destination responds. The test isn’t listed as a delivery.
send-test-note-original = KS Pay sends the newest matching real event again, with the same ID, and shows how your system responds. If your system doesn’t check IDs, it may process that payment twice. The test isn’t listed as a delivery.
test-accepted = The test event was accepted with status { $status } in { $millis }{ "\u00A0" }ms.
test-declined = The test event wasn’t accepted: your system responded with status { $status } in { $millis }{ "\u00A0" }ms. Make it respond with 2xx, then try again.
test-redirected = The test event wasn’t accepted: your system responded with status { $status }, and redirects aren’t followed. Enter the final URL.
test-failed = The test event wasn’t delivered: { $reason }.
test-response-cut = Response, the first 2,000 bytes
test-no-event = There is no event to send yet. In this format, the test sends the newest event again. Wait for the first event, then try again.
test-no-match = This destination receives none of the latest events. Check its event types, or wait for the next event.
test-running = Another check or test event of your company is still running. Try again in a few seconds.
too-many-tests = Too many test events and checks. Wait 10 seconds, then try again.

## Replays

replay-range = Replay events
replay-range-note = Sends the events of a time range, including those that were never sent to this destination.
since = From
since-hint = In the app’s time zone, { $zone }
until = To
until-hint = Only events received before this minute are sent. Leave this empty to send all up to now.
what-to-send = What to send
scope-failed = Failed and cancelled deliveries
scope-failed-note = Deliveries whose attempts have all failed, and those that were skipped or cancelled.
scope-every = Every event
scope-every-note = All events that match the destination’s settings, including those it has already received and those that were never sent to it because it was added later or had other settings.
count-events = Count events
replay-these = Replay these events?
nothing-to-replay = Nothing to replay
will-be-replayed = { $count ->
    [0] No event will be sent.
    [one] { $count } event will be sent.
   *[other] { $count } events will be sent.
}
will-be-replayed-at-least = { $count } or more events will be sent.
replay-same-id = Events are sent to { $name } with the same IDs as before, and each gets all its attempts again. Those that are already waiting aren’t sent twice.
replay-twice = Your system may have processed some of these events already. It can recognise them by { $header }.
replay-paused = The destination is paused. The events wait until you resume it.
bodies-since = Only events received since { $time } are sent. The bodies of earlier events have been deleted, so these can’t be sent.
back-to-destination = Back to the destination
replay-started = Replay started. Its progress is shown on this page.
replay-still-running = A replay to this destination is still running. Wait until it ends, or cancel it.
replay-not-running = No replay is running.
replay-now-canceled = Replay cancelled. Events that are already waiting will still be sent.
replay-running = Events are being replayed
replay-progress = { $done } of { $count } so far.
replay-progress-open = { $done } so far.
cancel-replay = Cancel replay
last-replay = { $count ->
    [one] The last replay sent { $count } event, { $time }.
   *[other] The last replay sent { $count } events, { $time }.
}
last-replay-canceled = { $count ->
    [one] The last replay was cancelled after { $count } event, { $time }.
   *[other] The last replay was cancelled after { $count } events, { $time }.
}
enter-since = Enter the start of the range.
until-before-since = Enter a time after the start of the range.
not-a-time = Enter a date and a time, for example { $example }.
after-now = Enter a time in the past.
choose-scope = Choose what to send.
start = Events to send
start-now = Only events from now on
start-since = Earlier events too
start-since-note = Also sends the events received since the time below. The destination’s page shows the progress.
choose-start = Choose which events to send.

## Fixed headers

fixed-headers = Headers
fixed-headers-note = KS Pay sends these headers with every attempt, in addition to the signature. Values are stored encrypted and never shown again.
set-header = Add a header
header-name-hint = For example { $example }. If the header already exists, its value is replaced.
header-value = Value
header-value-hint = English letters, digits, punctuation and spaces.
header-value-set = The value is saved.
remove = Remove
remove-header = Remove { $name }
header-is-set = { $name } saved
header-is-removed = { $name } removed
enter-header-name = Enter the name of the header.
header-name-not-a-token = Enter a name with only English letters, digits and hyphens.
header-name-reserved = KS Pay, the gateway or HTTP itself uses this header. Enter another name.
enter-header-value = Enter the value of the header.
header-value-not-ascii = Enter only English letters, digits, punctuation and spaces.
too-long = Enter at most { $max } characters.
too-many-headers = A destination can have at most { $count } headers. Remove one before you add another.

## Events whose bodies are deleted before they are sent

is-expiring = Waiting events will be cancelled from { $time } on
is-expiring-named = { $name }: waiting events will be cancelled from { $time } on
is-expiring-reason = { $count ->
    [one] The body of { $count } event that is waiting will be deleted within a week, because bodies are stored for { $retention }. After that, the event can’t be sent.
   *[other] The bodies of { $count } events that are waiting will be deleted within a week, because bodies are stored for { $retention }. After that, the events can’t be sent.
}
is-expiring-reason-at-least = The bodies of { $count } or more events that are waiting will be deleted within a week, because bodies are stored for { $retention }. After that, the events can’t be sent.
