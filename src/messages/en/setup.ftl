# The frame of the set-up steps, and the Webhook step. The texts of the gateways are in their folders.

## The frame

payment-gateway-settings = Payment Gateway Settings
webhook = Webhook
step-credentials = Credentials
step-integration = Integration
step-security = Security
steps = Set-up steps
any-order = You can do the steps in any order.
go-to-overview = Go to Overview
next-step = Next: { $step }
go-to-step = Go to { $step }
finish-step = Finish the step
mark-as-done = Mark as done
undo = Undo
# Next to the state of a step.
marked = marked as done
marked-by = Marked as done by { $name }, { $when }.
step-marked = The { $step } step is marked as done.
step-reopened = The { $step } step is open again.
connection-disabled = This connection is disabled
connection-disabled-effect = Its URL rejects every request.
# What the button Enable enables, for screen readers.
this-connection = this connection

# After a gateway was added. $next: a sentence.
added = { $gateway } is added in { $mode } mode. { $next }
# $destination: “into Razorpay’s Dashboard”.

## URL and secret

# $place: “Razorpay, make one test payment”.
copy-two = Copy the URL and secret
url-and-secret = URL and secret
copy-and-paste = Copy the URL, paste the secret
url = URL
secret = SECRET
copy-url = Copy URL
copy-secret = Copy secret
reveal = Reveal
reveal-secret = Reveal secret
hide = Hide
hide-secret = Hide secret
save-secret = Save secret
replace-secret = Replace secret
new-secret = New secret
url-allowed = { $gateway } accepts this URL: a public host, an allowed port, { $count } of { $max } characters.
keep-secret = Keep this secret.
secret-created-at = Created { $when }.
# The link to the page of the webhook’s secrets.
manage-secrets = { $count ->
    [1] Manage secrets
   *[other] Manage { $count } valid secrets
}
secret-hides-itself = Keep this secret. It’s hidden again when you leave this page.
# For screen readers.
secret-hidden = Hidden. Press Reveal to show it.
secret-unreadable = This secret can’t be read.

## Instructions for the gateway

# The line to which the instructions fold once the webhook has worked.
instructions = Set-up instructions for { $gateway }
steps-count = { $count ->
    [one] { $count } step
   *[other] { $count } steps
}
show-events = { $count ->
    [one] Show the event
   *[other] Show the { $count } events
}
copy-all = Copy all
# The accessible name of the button, which begins with its text.
copy-all-named = Copy all event names
event-names = Event names

## Evidence

evidence = Evidence
see-rejected-request = See the rejected request
recover-rejected = Rejected requests are stored. You can { $link }.
    .link = recover them with the secret they were signed with
see-rejected-requests = See the rejected requests
failing-since = Failing since
failing-requests = Your gateway’s requests rejected since then
first-verified = First verified event
last-verified = Last verified event
none-yet = None yet
usually = Usually
account = Account
another-account = Another account
account-at = { $account }, { $when }
total-verified = Total verified
total-rejected = Total rejected: signature missing or wrong
none = None
rejected-last = { $count }, last { $when }
# The proof that the webhook worked, while it doesn’t.
worked-until = { $count ->
    [one] { $until } { $count } event verified since { $first }.
   *[other] { $until } { $count } events verified since { $first }.
}
    .until = Worked until { $time }.
look-again-note = Without JavaScript, this page doesn’t update by itself.
look-again = Look again
last-events = Last events
# An event whose type could not be read.
unread-event = unread
recovered = recovered
all-events = All events

step-proven = Verified: this webhook has received a signed event.
step-failing = Requests are rejected. This step shows Failing until an event is verified.
step-marked-unproven = No event from the gateway is verified yet.

## Events of an unexpected account, and payments reported in both modes

# $accounts: their ids.
other-account = Events from another { $gateway } account arrive here
other-account-reason = This webhook expects events from { $accounts }. The latest event from { $other } arrived { $when }; it was saved like any other.
other-account-undated = This webhook expects events from { $accounts }. An event from { $other } arrived; it was saved like any other.
whose-account = If { $account } isn’t yours, sign in to { $gateway } with that account, switch to { $mode } Mode and remove this URL from its webhooks. If it’s yours, choose { $button }.
    .button = It’s mine
it-is-mine = It’s mine
account-accepted = The account is accepted: its events belong here.
account-changed = Nothing was changed. Check the account that is shown now.
both-modes = One payment arrived in both Test and Live
both-modes-reason = { $payment } is listed in both modes, but a payment is either a test or real. One of the two webhooks in { $gateway } has the URL and the secret of the other. In its Dashboard, switch to Test Mode and compare the webhook’s URL with the one shown here under Test. Then do the same in Live Mode.
event-of-other-account = From another { $gateway } account: { $account }
event-of-other-account-reason = This webhook expects events from { $accounts }. The event is authentic, so it was saved like any other.
event-of-both-modes = Its payment also arrived in { $mode } mode
event-of-both-modes-reason = A payment is either a test or real: one of the two webhooks in { $gateway } has the URL and the secret of the other.
