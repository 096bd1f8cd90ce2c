// The digest that was approved covers the files from the first pending one to the last, in Prisma's order.
const fs = require('fs'), crypto = require('crypto'), path = require('path')
const sha256 = text => crypto.createHash('sha256').update(text).digest('hex')
const folder = process.env.MIGRATIONS
const names = fs.readdirSync(folder, { withFileTypes: true }).filter(one => one.isDirectory()).map(one => one.name)
names.sort((one, other) => one.localeCompare(other))
const lines = names.map(name => `${name} ${sha256(fs.readFileSync(path.join(folder, name, 'migration.sql'), 'utf8'))}\n`)
const first = names.findIndex((_, index) => sha256(lines.slice(index).join('')) === process.env.DIGEST)
if (first < 0) {
  console.log('::error title=Other files::The migration files of this commit are not those that were approved.')
  process.exit(1)
}
const approved = names.slice(first)
fs.writeFileSync(path.join(process.env.RUNNER_TEMP, 'approved'), approved.join('\n') + '\n')
console.log(`Approved: ${approved.join(', ')}`)
