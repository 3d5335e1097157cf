import { readFileSync } from 'node:fs';
import { readCompose } from '../../support/compose.ts';

const command = process.argv.slice(2).join(' ');
const match = /^compose (?:--profile (\w+) )?up -d$/.exec(command);
if (match === null) throw new Error(`docker ${command} is not doubled here`);

const [, profile = /^COMPOSE_PROFILES=(\w+)$/m.exec(readFileSync('.env', 'utf8'))?.[1] ?? ''] = match;
const services = readCompose().services.filter(({ profiles }) => profiles.includes(profile));
if (services.length === 0) throw new Error(`docker-compose.yml has no profile ${profile}`);
console.log(`docker compose would start ${services.map(({ name }) => name).join(', ')}`);
