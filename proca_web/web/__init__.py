"""Flask adapters: database, encryption, mail, queue, security. They join the pure floors to a web process."""
