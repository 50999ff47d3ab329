# The frame of every page: menu, top bar, notices.

window-title = { $page } – KS Pay
window-title-in-app = { $page } – { $app } – KS Pay
window-title-in-mode = { $page } – { $app } ({ $mode }) – KS Pay

console = Console
personal-info = Personal Info
applications = Applications
settings = Settings
overview = Overview
transactions = Transactions
events = Events
rejections = Rejections

language = Language
