COMMENT ON TABLE "Product" IS E'tab\t, quote '' and \' and backslash \\; end\u03b1';
COMMENT ON TABLE "Order" IS 'C:\temp\new; ''quoted''; $$ is no quote here';
COMMENT ON TABLE "OrderItem" IS U&'\03b1\03b2; !' UESCAPE '\';
COMMENT ON TABLE "User" IS 'one'
    ' and two; '
    'and three';
COMMENT ON COLUMN "User"."email" IS $q$it's; a "dollar" $$ quote$q$;
COMMENT ON COLUMN U&"\0055ser".U&"r\006Fle" IS $ελ$δραχμή; $q$ $ελ$;
COMMENT ON COLUMN "User"."id" IS $_1$ $1$ ; $$ $_1$;
