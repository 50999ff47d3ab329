# The main dashboard and the list of products.

dashboard = Main dashboard
welcome = Welcome, { $name }
needs-attention = Needs your attention
all-clear = All good. The last event was verified { $time }.
nothing-verified-yet = No event has been verified yet. Connect a payment gateway, then make a test payment. { $link }
    .link = Choose the app to set up
more-in-list = { $count } more in the list of apps
action-about = { $action }: { $about }

# What to do about a problem.

# Products
products = Products
products-note = Products available to { $company }.
no-app = No app yet
apps = { $count ->
    [one] { $count } app
   *[other] { $count } apps
}
what-ks-pay-does = Receives payment events from your gateway, verifies every signature, and shows what happened to your money.
explore = Explore KS Pay
