

  -- revised: the layout
  --
  -- revision : b2
	-- mig:upgrade transaction=yes  
  SELECT 1;  
 	--  mig:downgrade
