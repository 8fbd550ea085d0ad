// Reads the QR code of a paper with the camera and goes to the act's page. The
// pictures stay in the browser. Nothing of it is loaded or asked for before the
// button is pressed; without this script or a camera there is no button.
(function () {
  'use strict';
  var box = document.getElementById('scan');
  if (!box || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return;
  var start = box.querySelector('.start'), stop = box.querySelector('.stop'), video = box.querySelector('video');
  var result = box.querySelector('.result'), said = box.dataset, stream = null;
  box.hidden = false;
  start.addEventListener('click', open);
  stop.addEventListener('click', function () { close(); say(''); start.focus(); });
  window.addEventListener('pagehide', close);

  function say(words, tone) {
    result.textContent = words;
    result.className = 'result ' + (tone || '');
  }

  function show(running) {
    start.hidden = running;
    stop.hidden = video.hidden = !running;
  }

  function close() {
    if (stream) stream.getTracks().forEach(function (t) { t.stop(); });
    stream = video.srcObject = null;
    show(false);
  }

  function open() {
    start.disabled = true;
    say(said.opening);
    Promise.all([
      navigator.mediaDevices.getUserMedia({audio: false, video: {facingMode: 'environment', width: {ideal: 1920}, height: {ideal: 1080}}}),
      reader()
    ]).then(function (both) {
      stream = video.srcObject = both[0];
      show(true);
      stop.focus();
      say(said.looking);
      return video.play().then(function () { look(both[1], stream); });
    }).catch(function (e) {
      close();
      say(e.name === 'NotAllowedError' ? said.refused : e.name === 'NotFoundError' || e.name === 'OverconstrainedError' ? said.none : said.failed, 'no');
    }).then(function () { start.disabled = false; });
  }

  // reader gives what finds the texts of QR codes in a picture of the camera:
  // the browser's own detector or, where it has none, ours.
  function reader() {
    var own = window.BarcodeDetector ? BarcodeDetector.getSupportedFormats() : Promise.resolve([]);
    return own.catch(function () { return []; }).then(function (formats) {
      if (formats.includes('qr_code')) {
        var detector = new BarcodeDetector({formats: ['qr_code']});
        return function () {
          return detector.detect(video).then(function (found) { return found.map(function (f) { return f.rawValue; }); });
        };
      }
      return import(said.decoder).then(function (module) {
        var canvas = document.createElement('canvas'), pen = canvas.getContext('2d', {willReadFrequently: true});
        return function () {
          canvas.width = video.videoWidth;
          canvas.height = video.videoHeight;
          if (!canvas.width) return Promise.resolve([]);
          pen.drawImage(video, 0, 0);
          try {
            return Promise.resolve([module.decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height))]);
          } catch (e) {
            return Promise.resolve([]); // no code in this picture
          }
        };
      });
    });
  }

  function look(read, from) {
    if (stream !== from) return; // stopped meanwhile
    read().catch(function () { return []; }).then(function (texts) {
      if (stream !== from) return;
      if (!texts.length) return setTimeout(look, 100, read, from);
      close();
      go(texts);
    });
  }

  // go opens the page of the first text that is a link of this service or a
  // bare code. It never opens another site: only code and seal are taken over.
  function go(texts) {
    var hosts = [location.host, said.host], foreign;
    for (var i = 0; i < texts.length; i++) {
      var link = /^https?:\/\/([^\/?#@]+)\/v\/([0-9A-Za-z-]{16,19})(?:#(\S*))?$/.exec(texts[i]);
      var code = /^[0-9A-Za-z]{4}(?:-?[0-9A-Za-z]{4}){3}$/.exec(texts[i].trim());
      if (link && !hosts.includes(link[1])) foreign = link[1];
      else if (link || code) {
        say(said.found, 'yes');
        var lang = new URLSearchParams(location.search).get('lang');
        location.assign('/v/' + (link ? link[2] : code[0]) + (lang ? '?lang=' + encodeURIComponent(lang) : '') + (link && link[3] ? '#' + link[3] : ''));
        return;
      }
    }
    say(foreign ? said.foreign.replace('{site}', foreign) : said.other, 'no');
    start.focus();
  }
})();
