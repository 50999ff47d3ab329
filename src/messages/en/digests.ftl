# The daily digest: what happened yesterday, and what is open. $app: the name of an app.

title = Daily digest
note = What happened on the day before, in one message: payments, refunds of these payments, open disputes and alerts, and webhooks that need attention. It is sent even if nothing happened. Muting and quiet hours don’t delay it. Times are in the app’s time zone, { $zone }.
turn-on = Send a digest every day
time = Time
time-invalid = Enter a time of day such as 09:00.
recipients = Recipients
choose-everyone = Every user of the company, by email
choose-some = Only these
saved = The daily digest is saved
preview = Preview
preview-note = The digest as it would be sent now, in your language.

# The message
headline = Daily digest of { $day }
day = What happened on { $day }, in the time zone { $zone }:
no-payments = There were no payments on { $day }.
nothing = There were no payments on { $day }, and nothing needs your attention.
received = Received
received-nothing = Nothing
received-amount = { $count ->
    [one] { $amount } from { $count } payment
   *[other] { $amount } from { $count } payments
}
more-currencies = More currencies
refunded = Refunded of these payments
failed = Failed payments
disputes = Disputes to answer
disputes-next = { $count }, the next by { $time } ({ $amount })
at-least = at least { $count }
alert = Open alert
more-alerts = More open alerts
webhook = Webhook
webhook-state = { $gateway }: { $state }
action = Open App Overview
footer = You receive this because of the daily digest of { $app } in { $mode } mode. You can change it under Alerts.
