-- add email
--
-- revision: 3f2a
-- revises: 1a2b

--Mig:Upgrade
SELECT 1;
