<?php
// PHP's http:// stream: get URL, head URL, or post URL FILE. The context's timeout bounds each read; unset, it is
// default_socket_timeout, a minute. It has no session: each request has a connection of its own.
$codes = ['timeout' => 10, 'reset' => 11, 'closed' => 12, 'refused' => 13];
[, $mode, $url, $file] = $argv + [2 => '', 3 => ''];
if (!in_array($mode, ['get', 'head', 'post'])) {
    exit(89);
}
$options = ['method' => strtoupper($mode), 'ignore_errors' => true]; // else the body of an error is not to be had
if ($mode == 'post') {
    $options += ['content' => file_get_contents($file), 'header' => 'Content-Type: application/octet-stream'];
}
if ($timeout = getenv('FAULTWIRE_TIMEOUT_MS')) {
    $options['timeout'] = $timeout / 1000;
}
$warnings = '';
set_error_handler(function ($level, $text) use (&$warnings) {
    $warnings .= "$text\n";
    return true;
});
$outcome = 'other';
if ($stream = fopen($url, 'r', false, stream_context_create(['http' => $options]))) {
    echo stream_get_contents($stream);
    $meta = stream_get_meta_data($stream);
    $lines = preg_grep('~^HTTP/~', $meta['wrapper_data']); // one for each redirect, too
    $status = (int) substr(end($lines), 9, 3);
    if ($meta['timed_out']) {
        $outcome = 'timeout';
    } elseif ($warnings == '' && intdiv($status, 100) == 2) {
        exit(0);
    }
    $warnings .= "status $status\n";
}
// There is a warning's text, and no error.
foreach (['Connection refused' => 'refused', 'Connection timed out' => 'timeout', 'errno=104 ' => 'reset', 'errno=32 ' => 'reset'] as $text => $word) {
    if (str_contains($warnings, $text)) {
        $outcome = $word;
    }
}
fwrite(STDERR, $warnings);
exit($codes[$outcome] ?? 1);
