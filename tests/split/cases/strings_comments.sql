«SELECT 'first' -- a comment; and it's open
-- another; it's, too
	';second;';»
«SELECT E'first' -- comment
	'it is still \'; an escape';»
