import { collectorBinary, findBinary, requireBinary } from '../test/support/binaries.ts';
import { buildCollector } from './go-build.ts';

const found = findBinary(collectorBinary);
if (found !== undefined) {
  console.log(`Found a Collector: ${found}`);
} else {
  try {
    await buildCollector();
    console.log(`Built a Collector: ${requireBinary(collectorBinary)}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : error;
    console.error(`There is no Collector here, and none could be built: ${reason}`);
    console.error(`Get one with: ${collectorBinary.remedy}.`);
    console.error('Where only a running Collector is wanted, Docker will do: docker compose up -d');
    process.exitCode = 1;
  }
}
