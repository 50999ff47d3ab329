# The list of apps, registration and settings of an app.

# List
registered = Registered apps
count-newest-first = { $count ->
    [one] { $count } app
   *[other] { $count } apps, newest first
}
count-urgent-first = { $count ->
    [one] { $count } app
   *[other] { $count } apps, most urgent first
}
shown-of = { $shown } of { $count ->
    [one] { $count } app
   *[other] { $count } apps
}
name = App Name
email = Email
country = Country
health = Webhook health
enabled-column = Enabled
enabled = Enabled
disabled = Disabled
yes = Yes
no = No
app-enabled = { $app } enabled
pages = Pages of the list
rows-of = { $first } to { $last } of { $count }
more-trouble = { $count ->
    [one] { $link } needs your attention.
   *[other] { $link } need your attention.
}
    .link = { $count ->
        [one] { $count } more webhook
       *[other] { $count } more webhooks
    }

# Search
search-label = Search by App Name, Email or App ID
search-apps = Search apps
clear-search = { $search }: show all apps
invalid-search = Invalid search
no-match = No matching apps
no-match-advice = No app has “{ $search }” in its App Name, Email or App ID.
without-search = { $count ->
    [one] You have { $count } app.
   *[other] You have { $count } apps.
}
show-all = Show all apps

# Before the first app
none-yet = You have not registered any Application yet
what-is-an-app = An app is a place where you take payments: a website, a mobile app or a shop counter. Each has its own webhook, keys and list of transactions.
next-steps = Next steps
step-register = Register the app
step-register-note = Its name, email and country. It takes about a minute.
step-connect = Connect Razorpay in Test mode
step-connect-note = Copy a URL and a secret to the Razorpay Dashboard. No real money is involved.
step-pay = See the first payment arrive
step-pay-note = Make a test payment and watch it arrive, verified. Then do the same in Live mode.
colleague = Already registered by a colleague? You’re signed in to { $company }; apps from other companies don’t appear here.

# Registration and settings
new-note = An app is a place where you take payments. KS Pay gives it an App ID; you then connect a payment gateway.
the-app = App
name-hint = 3 to 256 characters. Customers see it in Razorpay’s payment window if you use the code from step 3, Integration.
email-hint = Contact for this app.
choose-country = Choose a country
address = Address (optional)
city = City (optional)
state = State (optional)
postal-code = PIN code / Zip Code (optional)
phone = Phone Number (optional)
phone-hint = With + and the country code, for example +91{ "\u00A0" }00000{ "\u00A0" }00000. If the country is India, 10 digits are enough.
registered-now = { $app } is registered
saved = The app’s settings are saved
general-settings = General settings
general = General
domain = Domain
gateways = Payment Gateway Settings
domain-now = Current domain:
no-domain = No domain is saved yet. It’s optional. KS Pay doesn’t accept a webhook secret that is based on the domain.
domain-hint = Where your customers pay, for example shop.neemtree.example. You can paste a full URL; only the host name is saved.
domain-saved = The domain is { $domain }
is-enabled = This app is enabled
is-enabled-note = Its webhooks accept events. If you disable it, we’ll ask you to confirm.
is-disabled = This app is disabled
is-disabled-note = Its webhooks reject every event (401). Once it is enabled, they accept events again; check in the payment gateway that the webhook is still enabled there.
enable = Enable the app
disable = Disable the app
now-enabled = { $app } is enabled
now-disabled = { $app } is disabled

# Choice of the app
settings-of-app = App settings
choose-note = Select the App ID for configuration.
apps = Apps
choose-shown = { $count ->
    [one] { $shown } of { $count } app is shown. Search for the others.
   *[other] { $shown } of { $count } apps are shown. Search for the others.
}
to-settings = Continue to its settings
choose-first = Choose an app, then continue.

# Before an app is disabled
disable-title = Disable { $app }?
what-happens = What happens next
no-gateway-loses = No payment gateway is connected, so no events will be lost.
stays = Events and transactions received so far stay available.
keep-enabled = Keep the app enabled

# What needs attention
gateway-and-mode = { $gateway } { $mode }
trouble-silent = { $app }: nothing received in { $mode } mode for { $duration }
trouble-failing = { $app }: { $count ->
    [one] { $count } { $mode } request rejected since { $time }
   *[other] { $count } { $mode } requests rejected since { $time }
}
trouble-not-verified = { $app }: not verified yet, { $count ->
    [one] { $count } { $mode } request rejected since { $time }
   *[other] { $count } { $mode } requests rejected since { $time }
}
latest-reason = Latest reason: { $reason }.
app-off = { $app } is disabled
connection-off = { $app }: { $connection } is disabled
off-reason = Payments aren’t recorded: every event is rejected.
silent-reason = { $silence } { $advice }
