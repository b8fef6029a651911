import { playLane } from './lane.js';

await playLane(0);
