// The approved digest covers exactly the files that were pending then: a line `NAME SHA256` for each, in Prisma's order.
const fs = require('fs'), crypto = require('crypto'), path = require('path')
const sha256 = text => crypto.createHash('sha256').update(text).digest('hex')
const { RUNNER_TEMP, GITHUB_WORKSPACE, MIGRATIONS, DIGEST } = process.env
const said = fs.readFileSync(path.join(RUNNER_TEMP, 'status'), 'utf8').split('\n').map(line => line.trim())
const names = said.slice(said.findIndex(line => line.endsWith('have not yet been applied:')) + 1)
names.splice(names.indexOf(''))
const file = name => path.join(GITHUB_WORKSPACE, MIGRATIONS, name, 'migration.sql')
const lines = names.map(name => `${name} ${sha256(fs.readFileSync(file(name), 'utf8'))}\n`)
if (sha256(lines.join('')) !== DIGEST) {
  console.log('::error title=Not approved::The files that are pending are not those of the approved plan, or are changed.')
  process.exit(1)
}
console.log(`Approved: ${names.join(', ')}`)
