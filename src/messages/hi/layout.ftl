window-title = { $page } – KS Pay
window-title-in-app = { $page } – { $app } – KS Pay
window-title-in-mode = { $page } – { $app } ({ $mode }) – KS Pay

console = कंसोल
personal-info = निजी जानकारी
applications = एप्लिकेशन
settings = सेटिंग
overview = सारांश
transactions = लेन-देन
events = इवेंट
rejections = अस्वीकृत अनुरोध
alerts = अलर्ट
automate = अपने-आप होने वाले काम
automations = ऑटोमेशन
destinations = डेस्टिनेशन
language = भाषा
title-with-errors = गड़बड़ी: { $title }

skip-to-content = सीधे कॉन्टेंट पर जाएँ
home = KS Pay, मुख्य डैशबोर्ड
mode = मोड
both-modes = Test और Live
account-menu = { $name }: खाता मेन्यू
company-and-role = { $company }, { $role }
role-owner = मालिक
role-admin = एडमिन
role-developer = डेवलपर
role-viewer = सिर्फ़ देखने वाला
sign-out = साइन आउट करें
test-mode = { $mode } यहाँ के भुगतान असली नहीं हैं।
    .mode = Test मोड।
breadcrumbs = पेज का रास्ता
ks-pay = KS Pay
ks-pay-dashboard = KS Pay डैशबोर्ड

switch-app = : ऐप बदलें
find-app = ऐप खोजें
find-in-all = यहाँ नहीं मिला। सभी ऐप में खोजने के लिए Enter दबाएँ।
all-apps = सभी ऐप

webhooks = वेबहुक
more = और
search-keys = Ctrl K
search-keys-mac = ⌘ K
mode-needs-attention = ध्यान दें
state-in-mode = { $mode }: { $state }
gateway-in-mode = { $gateway }, { $mode }
no-gateway-in-mode = पेमेंट गेटवे, { $mode }
connections = कनेक्शन

show-settings = दिखाएँ
other-app = दूसरा ऐप चुनें

app-off = यह ऐप बंद है: हर इवेंट अस्वीकृत होता है।
connection = { $gateway } ({ $mode } मोड)
connection-off = { $state } हर अनुरोध अस्वीकृत होता है।
    .state = { $name } बंद है।
other-failing = { $name } { $time } से काम नहीं कर रहा।
    .name = { $connection }:
other-silent = { $name } { $duration } से कुछ नहीं आया।
    .name = { $connection }:
other-not-verified = { $name } अभी सत्यापित नहीं। { $count ->
    [one] आपके किसी सीक्रेट से हस्ताक्षर किया हुआ { $count } अनुरोध अस्वीकृत हुआ।
   *[other] आपके किसी सीक्रेट से हस्ताक्षर किए हुए { $count } अनुरोध अस्वीकृत हुए।
}
    .name = { $connection }:
other-troubled = { $name } इस वेबहुक पर ध्यान दें।
    .name = { $connection }:
other-several = { $name } { $count } वेबहुक पर ध्यान दें।
    .name = { $mode } मोड:
see-cause = वजह देखें
show-mode = { $mode } मोड दिखाएँ

copied = { $name }: कॉपी हो गया
copy-failed = कॉपी नहीं हो सका। { $name } को चुन लिया गया है: Ctrl+C दबाएँ।
value = वैल्यू
