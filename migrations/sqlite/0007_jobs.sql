-- Jobs that one server of several runs.

-- Which server runs a job until when. The holder renews its lease; one that has expired is taken by any server.
CREATE TABLE job_leases (
    job TEXT NOT NULL PRIMARY KEY,
    holder INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
