# Time zones: of an app (its days), of a company, and of a reader (times of day). Zones have their names of the IANA database.

label = Time zone
unknown = Choose a time zone from the list.
# The first option when an app is registered. The zone is the company’s.
by-country = The country’s zone; if it has several, { $zone }
of-new-app = Days, daily totals, charts and downloads of the app follow this zone.
of-app = Days, daily totals, charts and downloads of the app follow this zone. Before it changes, you are shown what that does.
of-company = For pages outside an app, and for new apps whose country has several zones.
of-reader = Times of day follow this zone. Days and daily totals are always those of the app.
# The first option of Personal Info.
by-app = The app’s zone

# The change of an app’s zone: the question, what happens, and what follows.
change-title = Change the time zone to { $zone }?
change-heading = What happens next
change-days = Days, daily totals, charts and downloads of { $app } follow { $old } now. They will follow { $new }: days then begin and end at other times, so past daily totals change, and a payment near midnight can move to another day.
change-money = No payment changes, and no amount.
change-until = KS Pay first adds up all payments of the app by the new days. Until that is complete, { $old } applies on every page. Payments that arrive meanwhile are counted.
change-confirm = Change the time zone
change-keep = Keep { $zone }
change-asked = Payments are being added up by the days of { $new }. Until that is complete, { $old } applies.
change-cancelled = The time zone stays { $zone }
pending-headline = The time zone is changing to { $zone }
pending-reason = Payments are being added up by its days. Until that is complete, the days of { $old } apply everywhere.

# On a page with both: the zone of days, and that of times of day.
both = Days: { $days }. Times of day: { $times }.
