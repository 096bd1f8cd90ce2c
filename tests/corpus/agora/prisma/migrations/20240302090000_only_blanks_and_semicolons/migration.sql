  ;
	;;

/* nothing; here */ ;
