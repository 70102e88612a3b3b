"""Mail that is due, sent over as many connections as the server takes (protocol 6).

`claimer` takes mails from the database, `sender` hands them over, `settler` writes down what came of it; `post` is the
table they work at and knows no database and no network. `room` is all of them in one process.
"""
