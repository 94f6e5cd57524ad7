import sdk from 'taobao-sdk';
import { officialSuite } from './official.js';

officialSuite('taobao-sdk', sdk);
