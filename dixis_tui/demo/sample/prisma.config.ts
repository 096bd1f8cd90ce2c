// How the sample runs the real Prisma CLI without downloading anything.
//
// Prisma usually fetches a native engine when it is installed, which fails on a closed network. The npm package also
// carries the same schema engine as WebAssembly. `engine: 'js'` uses that one; it reaches PostgreSQL through
// @prisma/adapter-pg and the `pg` driver. An ordinary project needs nothing of this file.
//
// The adapter differs from the native engine in three ways that matter to `prisma migrate`. Each is put right below.

import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import { defineConfig } from 'prisma/config'

const require = createRequire(__filename)

// The CLI looks for native engines before it reads which engine to use. Any existing executable stops the search;
// neither is ever run.
process.env.PRISMA_QUERY_ENGINE_LIBRARY ??= process.execPath
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath

// 1. The adapter can't read three types of PostgreSQL's own catalog, which the engine asks for: "Column type 'name'
//    could not be deserialized". All three are text in another coat: say so before the adapter looks.
const asText: Record<number, number> = {
  18: 25, // "char"  -> text
  19: 25, // name    -> text
  1003: 1009, // name[]  -> text[]
}
const Result = require('pg/lib/result')
const addFields = Result.prototype.addFields
Result.prototype.addFields = function (fields: { dataTypeID: number }[]) {
  for (const field of fields) {
    field.dataTypeID = asText[field.dataTypeID] ?? field.dataTypeID
  }
  return addFields.call(this, fields)
}

// 2. The adapter splits a migration at every semicolon, which breaks `DO $$ … $$`, functions, and comments with a
//    semicolon. The native engine sends the whole file as one simple query, so that it succeeds or fails as one.
class WholeScriptPg extends PrismaPg {
  async connect() {
    const adapter: any = await super.connect()
    adapter.executeScript = async (script: string) => {
      const client = await adapter.underlyingDriver().connect()
      try {
        await client.query(script)
      } catch (error) {
        adapter.onError(error)
      } finally {
        client.release()
      }
    }
    return adapter
  }
}

// 3. The engine waits at most 10 s for its advisory lock, and never clears that timer: a finished command would hang
//    about for as long. A timer that nobody needs must not keep the process alive.
const setTimer = globalThis.setTimeout
globalThis.setTimeout = ((callback: any, delay?: number, ...rest: any[]) => {
  const timer = setTimer(callback, delay, ...rest)
  return (delay ?? 0) >= 10_000 ? timer.unref() : timer
}) as typeof setTimeout

const url = process.env.DATABASE_URL ?? 'postgresql://localhost:5432/dixis'
const schema = new URL(url).searchParams.get('schema') ?? 'public'

// One session to the end, as the native engine has, since the advisory lock belongs to a session; but an idle one does
// not keep a finished command alive.
const session = { connectionString: url, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true }

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  engine: 'js',
  experimental: { adapter: true },
  adapter: async () => new WholeScriptPg(session, { schema }),
})
