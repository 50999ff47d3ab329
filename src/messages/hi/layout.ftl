window-title = { $page } – KS Pay
window-title-in-app = { $page } – { $app } – KS Pay
window-title-in-mode = { $page } – { $app } ({ $mode }) – KS Pay

console = कंसोल
personal-info = व्यक्तिगत जानकारी
applications = एप्लिकेशन
settings = सेटिंग
overview = सारांश
transactions = लेन-देन
events = इवेंट
rejections = अस्वीकृत अनुरोध

language = भाषा
