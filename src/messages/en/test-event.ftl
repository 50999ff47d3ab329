# Test events: the form in the panel of the URL check, what became of one, and their name in lists.

send = Send test event
about = KS Pay signs a test event with the active secret and sends it to this URL. It is shown in the list of events and changes nothing else.
name = Test event from KS Pay
name-with-time = Test event from KS Pay, { $seconds }{ "\u00A0" }s
explained = You sent this event from the Webhook page. It changes no payment, no total and no status.

# Why none can be sent.
unsupported = KS Pay can’t send test events for { $gateway }.
disabled = This webhook is disabled. Enable it to send a test event.
no-secret = Enter the secret from { $gateway } to send a test event.
secret-unreadable = The active secret can’t be read, so no test event can be signed. Ask your server administrator to run { $command }.

# What became of one.
arrived = Test event from KS Pay, { $seconds }{ "\u00A0" }s: it arrived, its signature matched, and it was stored.
not-sent = The test event wasn’t sent: the check of your URL found a problem. Fix it, then send the test event again.
rejected = The test event was rejected. If the secret or the webhook has just been changed, send it again.
not-stored = The test event arrived but couldn’t be stored. Ask your server administrator to run { $command }.
answered = The test event was answered with status { $status } and wasn’t stored. Check the proxy in front of KS Pay.
unanswered = The test event got no response within 5{ "\u00A0" }s. Check the load of this server and the proxy in front of it.
