// The known numbers, in a process that stays to be scraped.
import './known-numbers.mjs';

setInterval(() => {}, 60_000);
