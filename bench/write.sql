\set tid random(1, 10)
UPDATE pgbench_tellers SET tbalance = tbalance + 1 WHERE tid = :tid;
