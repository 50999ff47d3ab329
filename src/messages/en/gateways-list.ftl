# Payment Gateway Settings: the connections of an app, and adding or disabling one.

note = Payment gateways connected to this app, and their status.
none = No payment gateway yet
none-advice = Add { $gateway } in Test mode first: no real money moves, and you’ll see a payment from start to finish. Then add it in Live mode.
# The number of a step and its name.
step = { $number } { $step }
currency = Currency
open = Open
enable-app = Enable app
# The accessible name of the button.
enable-named = Enable { $gateway }, { $mode }
disable-named = Disable { $gateway }, { $mode }

add = Add a gateway
gateway = Payment gateway
gateway-hint = For any other provider that follows the Standard Webhooks specification, choose Standard Webhooks.
mode = Mode
mode-test = Test: no real money
mode-live = Live: real payments
add-gateway = Add Gateway
choose-gateway = Choose a payment gateway.
choose-mode = Choose Test or Live.
choose-currency = Choose a currency.
already-added = { $gateway } is already connected in { $mode } mode. Open it above.

disable-title = Disable a connection
disable-heading = Disable { $connection }?
disable-effect = Its webhook URL will reject every request.
keep-enabled = Keep it enabled
disabled = { $connection } is disabled.
enabled = { $connection } is enabled.
enabled-app-disabled = { $connection } is enabled, but its app is disabled. Enable the app too.
