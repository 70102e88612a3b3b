"""The world's view of our From addresses: name servers, the list of public suffixes, signatures of mails."""
