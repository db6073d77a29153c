-- add email to users  
--  
-- A longer text, in paragraphs:  
--   kept as it is: even this  
--  
-- the end  
--  
-- revision: 3f2a9c1b7d10  
-- revises: 1a2b3c4d5e6f, 0a.b_c  7  
-- branch_labels: users, café-2  
--  
-- depends_on: 42  
-- created: 2026-11-22T20:49:00Z  
  
-- a comment  
/* and  
   one more */  
  
-- mig:upgrade  
ALTER TABLE users ADD COLUMN email VARCHAR(120);  
  
-- mig:upgrade dialect=postgresql database=stats transaction=no  
CREATE INDEX CONCURRENTLY i ON users (email);  
-- mig:downgrade  
ALTER TABLE users DROP COLUMN email;  

	
