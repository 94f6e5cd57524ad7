import sdk from 'ali-topsdk';
import { officialSuite } from './official.js';

officialSuite('ali-topsdk', sdk);
