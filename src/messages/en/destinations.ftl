# Destinations: the list, the form, a destination, and its secrets.

title = Destinations
intro = Send verified events on to your own systems.
add = Add destination
nothing = Send events to your own systems
nothing-text = Add the URL of your shop’s backend. Each verified event in { $mode } mode is sent to it with a signature. If that fails, KS Pay retries for three days.

## The list

column-name = Name and URL
column-receives = Receives
column-state = State
column-waiting = Waiting
column-last-success = Last success
note = Each verified event is sent to every destination that receives events of its type. It’s signed with that destination’s own secret.
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
paused-gone = It responded with status 410, { $time }
paused-no-success = No delivery succeeded for 5 days
next-attempt = Next attempt { $time }
failing-since = since { $time }

is-paused = This destination is paused
is-paused-named = { $name } is paused
is-gone = Paused: your system said that this URL no longer exists (status 410)
is-gone-named = { $name } is paused: your system said that this URL no longer exists (status 410)
is-without-success = This destination is paused: no delivery succeeded for 5 days
is-without-success-named = { $name } is paused: no delivery succeeded for 5 days
# $waiting: a sentence.
is-paused-reason = { $waiting } New events wait too. When you resume, they are sent.
is-paused-reason-none = New events wait until you resume.
# $waiting: a sentence.
is-gone-reason = Correct the URL or your system, then resume. { $waiting } They are sent then.
is-gone-reason-none = Correct the URL or your system, then resume. New events wait until you resume.
is-not-responding = Deliveries on hold: most attempts have failed since { $time }
is-not-responding-named = { $name } is on hold: most attempts have failed since { $time }
# $waiting, $next: sentences.
is-not-responding-reason = { $waiting } They are sent once an attempt succeeds. { $next }
next-attempt-at = The next attempt is at { $time }.
next-attempt-soon = The next attempt is about to begin.
is-failing = No delivery has succeeded since { $time }
is-failing-named = { $name }: no delivery has succeeded since { $time }
# $waiting: a sentence.
is-failing-reason = { $waiting } Open a delivery to see how your system responded.
will-be-paused = Unless a delivery succeeds, the destination will be paused on { $time }.
events-wait = { $count ->
    [0] No event is waiting.
    [one] { $count } event is waiting.
   *[other] { $count } events are waiting.
}
events-wait-at-least = { $count } or more events are waiting.
open-destination = Open destination
more-on-destinations = { $count } more on Destinations

## The form

new-title = Add a destination
edit-title = Edit destination
test-note = This destination receives events of Test mode only.
live-note = This destination receives events of Live mode only.
name = Name
name-hint = For example Shop backend
url = URL
url-hint = A public https address of your own system. Redirects aren’t followed.
url-makes-secret = If you change the URL, the destination gets a new secret, and the current one expires immediately. Its headers are removed. Deliveries fail until your system has the new secret.
format = Format
format-passed = As { $gateway } sends it (recommended)
format-passed-note = Body, event ID and signature exactly as { $gateway } sent them. Code written for { $gateway } works unchanged, with the secret that it has.
format-resigned = As { $gateway } sends it, with a new signature
format-resigned-note = The body exactly as { $gateway } sent it. The signature is made for each attempt, with a secret of this destination.
format-normalized = KS Pay format
format-normalized-note = One JSON format for all gateways. Only events about payments, refunds and disputes are sent.
format-changes-waiting = If you change the format, waiting events are sent in the new format. Events that don’t exist in it won’t be sent.
not-passed = { $gateway } signs the time of a request, so a retry with its own signature would be rejected as too old. Its events can only be signed again.
not-original = Original events of { $gateway } can’t be sent, because its signature can’t be passed on or made again.
no-gateway = To send original events, first add a payment gateway in { $mode } mode.
events = Events
events-hint = Leave this empty to receive all events. Otherwise enter types and groups, separated by spaces: { $example }
event-types = Event types
types-original = As { $gateway } sends it
speed = Order and speed
order = Order
order-any = Any order
order-any-note = New events don’t wait for retries of older ones.
order-fifo = In order of arrival, one at a time
order-fifo-note = If a delivery fails, the next ones wait until it succeeds, its last attempt fails, or you skip it.
concurrency = Deliveries at the same time
concurrency-hint = From 1 to { $max }. In order of arrival it’s always one.
per-second = Deliveries per second
per-second-hint = From 1 to { $max }. Leave this empty for no limit.
timeout = Timeout in seconds
timeout-hint = From 1 to { $max }. An attempt without a response by then has failed.
secret-on-next-page = The secret is on the next page.

## Errors of the form

enter-name = Enter a name.
name-taken = Another destination in { $mode } mode has this name. Enter another name.
enter-url = Enter the URL.
url-malformed = Enter a complete URL, for example { $example }.
url-too-long = Enter at most { $max } characters.
url-not-https = Enter a URL that starts with https.
url-user-info = Remove the user name and the password from the URL.
url-no-host = Enter a URL with a host name.
url-not-found = This host name wasn’t found. Check its spelling.
url-forbidden = Events can’t be sent to this address. Enter a public address of your own system.
choose-format = Choose a format.
not-a-type = { $text } isn’t an event type. Enter a type such as { $example } or a group such as { $group }.
not-known-type = { $text } isn’t an event type that KS Pay knows for this format. Check the spelling, or save again to keep it.
too-many-types = Enter at most { $max } types and groups.
not-in-range = Enter a whole number from 1 to { $max }.
choose-order = Choose an order.
too-many = An app can have { $count } destinations in each mode. Delete one before you add another.

## A destination

edit = Edit
added-now = Destination added. Reveal its secret below and enter it in your system.
added-now-passed = Destination added. Your code keeps its { $gateway } webhook secret. Send a test event to check it.
saved = Changes saved
saved-with-secret = Changes saved. The destination has a new secret: reveal it below and enter it in your system.
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
destination-id = Destination ID

## Secrets

secret = Signing secret
secret-optional = Signing secret (optional)
secret-note = Verify { $header } with this secret, by the Standard Webhooks specification.
gateway-secret = Secret of the { $gateway } signature
gateway-secret-note = Verify { $header } with this secret, as { $gateway } describes it.
passed-note = { $header } is { $gateway }’s own signature: verify it with the webhook’s secret.
secret-hidden = Hidden
reveal = Reveal
reveal-named = Reveal the secrets
hide = Hide
hide-named = Hide the secrets
copy-secret = Copy the secret
copy-gateway-secret = Copy the secret of the gateway’s signature
secret-created = Created { $time }.
also-signed = Requests are also signed with the previous secret, until { $time }.
unreadable = The secret can’t be read
unreadable-reason = It was damaged or replaced in the database, so nothing can be sent. Rotate the secret and enter the new one in your system.
rotate = Rotate secret
rotate-title = Rotate the secret
rotate-effect = The destination gets a new secret. For the time you choose, each request is signed with both, so your system can switch without losing an event. Enter the new secret in your system before the current one expires.
rotate-gateway-effect = The { $gateway } signature is made with the new secret only, from the next attempt on.
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
overlap-none = Don’t sign with it any more
overlap-none-note = Choose this if the secret has leaked. Deliveries fail until your system has the new one.
too-many-secrets = { $count } secrets are still valid. Wait until one of them expires.
rotated = New secret created. Requests are also signed with the previous one until { $time }.
rotated-without = New secret created. The previous one doesn’t sign any more. Enter the new one in your system.

## Actions

actions = Actions
pause = Pause
now-paused = { $name } is paused. Events wait until you resume.
resume = Resume
now-resumed = { $name } is resumed. Events that waited are being sent.
send-waiting = Send waiting deliveries now
send-waiting-note = Tries every waiting delivery without waiting for its next attempt.
send-now = Send now
now-sending = { $count ->
    [0] No delivery is waiting.
    [one] { $count } waiting delivery is being sent.
   *[other] { $count } waiting deliveries are being sent.
}
replay-failed = Replay failed deliveries
replay-failed-note = Sends every delivery whose attempts have all failed again.
replay-failed-title = Replay all failed deliveries?
replay = Replay
delete = Delete
delete-note = No more events are sent. Events that are waiting won’t be sent.
delete-title = Delete { $name }?
delete-effect = No more events are sent to it, and its secrets expire immediately. Its past deliveries stay listed on the pages of the events. This can’t be undone.
# $waiting: a sentence.
delete-waiting = { $waiting } They won’t be sent.
delete-destination = Delete destination
keep = Keep it
now-deleted = { $name } is deleted
to-add = To add this destination, enter your password.
to-change = To change where events are sent, enter your password.
to-delete = To delete this destination, enter your password.

## Send test event
send-test = Send test event
# $note: a sentence.
send-test-named = Send test event: { $note }
send-test-note = Sends an event of the type ks_pay.test now, and shows how this destination responds. It isn’t listed as a delivery.
send-test-note-original = Sends the newest real event again, with the same ID, and shows how your system responds. If your system doesn’t check IDs, it processes that payment twice. The test isn’t listed as a delivery.
test-accepted = The test event was accepted with status { $status } in { $millis }{ "\u00A0" }ms.
test-declined = The test event wasn’t accepted: this destination responded with status { $status } in { $millis }{ "\u00A0" }ms. Only 2xx counts as accepted.
test-redirected = Status { $status }: redirects aren’t followed. Enter the final URL.
test-failed = The test event wasn’t delivered: { $reason }.
test-response-cut = Response, the first 2,000 bytes
test-no-event = There is no event to send yet. In this format, the newest event is sent once more as the test.
test-no-match = None of the latest events is of a type that this destination receives. Check its event types, or wait for the next event.
test-running = A check or a test event of your company is still running. Try again in a few seconds.
too-many-tests = Too many test events and checks. Wait ten seconds, then try again.

## Replays

replay-range = Replay events
replay-range-note = Sends the events of a time range, also those that were never sent to this destination.
since = From
since-hint = In the app’s time zone, { $zone }
until = To
until-hint = Events from this minute on aren’t sent. Leave this empty to send all up to now.
what-to-send = What to send
scope-failed = Failed and canceled deliveries
scope-failed-note = Deliveries of this range whose attempts have all failed, and those that were skipped or canceled.
scope-every = Every event
scope-every-note = All events of this range that match the destination’s settings. Also those that it has already received, and those that were never sent to it: because it was added later, had other settings, or the app was disabled.
count-events = Show how many
replay-these = Replay these events?
nothing-to-replay = Nothing to replay
will-be-replayed = { $count ->
    [0] No event will be sent.
    [one] { $count } event will be sent.
   *[other] { $count } events will be sent.
}
will-be-replayed-at-least = { $count } or more events will be sent.
replay-same-id = They are sent to { $name } under the same event IDs as before, each with all its attempts. Events that are waiting already aren’t sent twice.
replay-twice = Your system may have processed some of these events already. It can recognise them by { $header }.
replay-paused = The destination is paused: they wait until you resume.
bodies-since = Only events received since { $time } are sent. The bodies of earlier ones are deleted.
back-to-destination = Back to the destination
replay-started = The replay has started.
replay-still-running = A replay of this destination is still running. Wait until it ends, or cancel it.
replay-not-running = No replay is running.
replay-now-canceled = The replay is canceled. Events that are already waiting are still sent.
replay-running = Events are being replayed
replay-progress = { $done } of { $count } so far.
replay-progress-open = { $done } so far.
cancel-replay = Cancel replay
last-replay = { $count ->
    [one] The last replay sent { $count } event, { $time }.
   *[other] The last replay sent { $count } events, { $time }.
}
last-replay-canceled = { $count ->
    [one] The last replay was canceled after { $count } event, { $time }.
   *[other] The last replay was canceled after { $count } events, { $time }.
}
enter-since = Enter when the range begins.
until-before-since = Enter a time after the beginning of the range.
not-a-time = Enter a day and a time, for example { $example }.
after-now = Enter a time that isn’t in the future.
choose-scope = Choose what to send.
start = Which events
start-now = From now on
start-since = Also earlier ones
start-since-note = Those received since the time below are sent as well. The destination’s page shows how many have been sent.
choose-start = Choose which events are sent.

## Fixed headers

fixed-headers = Headers
fixed-headers-note = Headers that your system requires besides the signature. They are sent with each attempt. A value is never shown again.
set-header = Add a header
header-name-hint = For example { $example }. A header that is already set is replaced.
header-value = Value
header-value-hint = English letters, digits, signs and spaces.
header-value-set = The value is set.
remove = Remove
remove-header = Remove { $name }
header-is-set = { $name } is set.
header-is-removed = { $name } is removed.
enter-header-name = Enter the name of the header.
header-name-not-a-token = Enter a name of letters, digits and hyphens.
header-name-reserved = This header can’t be set, because KS Pay, the gateway or the connection uses it.
enter-header-value = Enter the value of the header.
header-value-not-ascii = Enter only English letters, digits, signs and spaces.
too-long = Enter at most { $max } characters.
too-many-headers = A destination can have { $count } headers. Remove one before you add another.

## Events whose bodies are deleted before they are sent

is-expiring = Waiting events will be canceled from { $time } on
is-expiring-named = { $name }: waiting events will be canceled from { $time } on
is-expiring-reason = { $count ->
    [one] Bodies of events are deleted after { $retention }. Within a week, that is so for { $count } event that is still waiting, and then it can’t be sent.
   *[other] Bodies of events are deleted after { $retention }. Within a week, that is so for { $count } events that are still waiting, and then they can’t be sent.
}
is-expiring-reason-at-least = Bodies of events are deleted after { $retention }. Within a week, that is so for { $count } or more events that are still waiting, and then they can’t be sent.
