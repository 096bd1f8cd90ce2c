ALTER TYPE "Level; of course" ADD VALUE 'πολύ δύσκολο; ναι' BEFORE '🔥'
