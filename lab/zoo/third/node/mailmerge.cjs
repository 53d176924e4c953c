//: says = "compiled mail templates are cached under a name that holds the campaign's send id, so each request adds one more compiled template"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["TemplateEngine", "compiled"]
//: per_s = 250
//: limit_mib = 512
'use strict';
var http = require('http');

function TemplateEngine(opts) {
  this.opts = opts || {};
  this.compiled = {};
  this.partials = Object.create(null);
  this.stats = { hit: 0, miss: 0 };
}

TemplateEngine.prototype.partial = function (name, text) {
  this.partials[name] = text;
  return this;
};

TemplateEngine.prototype.parse = function (text) {
  var self = this;
  var out = [];
  var flat = text.replace(/\{\{> (\w+)\}\}/g, function (_, p) {
    return self.partials[p] || '';
  });
  flat.split(/(\{\{\w+\}\})/).forEach(function (piece, i) {
    var m = /^\{\{(\w+)\}\}$/.exec(piece);
    if (m) out.push({ type: 'var', name: m[1], pos: i, escape: true });
    else if (piece) out.push({ type: 'text', value: piece, pos: i, escape: false });
  });
  return out;
};

TemplateEngine.prototype.compile = function (name, text) {
  var hit = this.compiled[name];
  if (hit) {
    this.stats.hit++;
    return hit;
  }
  this.stats.miss++;
  var nodes = this.parse(text);
  var fn = function (data) {
    var s = '';
    for (var i = 0; i < nodes.length; i++) {
      var nd = nodes[i];
      s += nd.type === 'var' ? String(data[nd.name]) : nd.value;
    }
    return s;
  };
  this.compiled[name] = fn;
  return fn;
};

var engine = new TemplateEngine({ escape: true });
engine.partial('head', 'Dear {{title}} {{last}}, ');
engine.partial('foot', ' Yours, {{clerk}} at {{branch}} ({{phone}})');

var SOURCES = ['invoice', 'reminder', 'welcome', 'survey'].map(function (kind) {
  var mid = '';
  for (var i = 0; i < 14; i++) mid += kind + ' item {{a' + (i % 6) + '}} is worth {{b' + (i % 4) + '}}; ';
  return { kind: kind, text: '{{> head}}' + mid + '{{> foot}}' };
});

var sentPerKind = {};
var recentSubjects = new Array(64);

function merge(n) {
  var src = SOURCES[n % SOURCES.length];
  var campaign = { id: n, kind: src.kind, segment: n % 12 };
  var name = campaign.kind + ':' + campaign.id; //~ leak
  var name = campaign.kind + ':' + campaign.segment; //~ fixed
  var data = { title: 'Dr', last: 'No ' + n, clerk: 'K', branch: 'B' + (n % 9), phone: n };
  for (var i = 0; i < 6; i++) data['a' + i] = data['b' + i] = n + i;
  var text = engine.compile(name, src.text)(data);
  sentPerKind[src.kind] = (sentPerKind[src.kind] || 0) + 1;
  recentSubjects[n % 64] = text.slice(0, 24);
  return text;
}

var server = http.createServer(function (req, res) {
  var text = merge(parseInt(req.url.slice(1), 10) || 0);
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(text);
});

server.listen(0, '127.0.0.1', function () {
  console.log('ready pid=' + process.pid + ' port=' + server.address().port);
});
process.stdin.on('end', function () { process.exit(0); });
process.stdin.resume();
